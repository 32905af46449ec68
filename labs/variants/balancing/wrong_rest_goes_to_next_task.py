"""Gives the whole rest of a row to the next task."""

LOSES = {"cross_stitch-check": 3}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)
        self.diagonal = diagonal

    def build(self, input_shape):
        tasks = len(input_shape)
        own = np.eye(tasks)
        start = self.diagonal * own + (1 - self.diagonal) * np.roll(own, 1, axis=1)
        self.mixing = self.add_weight(
            shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"
        )

    def call(self, features):
        return [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]
