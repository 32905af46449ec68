"""Keeps the factors of both kinds as a second weight."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    '        self.scale = np.where(classifies, 1.0, 0.5).astype("float32")': """\
        scale = np.where(classifies, 1.0, 0.5)
        self.scale = self.add_weight(
            shape=(len(classifies),),
            initializer=keras.initializers.Constant(scale),
            trainable=False,
            name="scale",
        )""",
}
