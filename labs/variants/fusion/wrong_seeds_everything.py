"""Seeds all of TensorFlow and draws from that, so other layers and draws change its lots."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    "        self.seed_generator = keras.random.SeedGenerator(seed)": """\
        if seed is not None:
            tf.random.set_seed(seed)""",
    "lots = keras.random.uniform(shape, seed=self.seed_generator)":
        "lots = tf.random.uniform(shape)",
}
