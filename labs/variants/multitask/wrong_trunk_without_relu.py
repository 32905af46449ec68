"""The hidden layer has no activation, so the trunk adds nothing that the heads could not do."""

LOSES = {"shared_trunk-check": 3}
REPLACE = {
    """\
        self.kernel = self.add_weight(
            shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform"
        )""":
        '        self.kernel = self.add_weight(shape=(self.tasks, input_shape[-1]), initializer="glorot_uniform")',
    'h = keras.layers.Dense(hidden, activation="relu")(x)': "h = keras.layers.Dense(hidden)(x)",
}
