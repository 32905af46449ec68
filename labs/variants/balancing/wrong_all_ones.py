"""Starts at all ones, so all tasks go on with the same sum."""

LOSES = {"cross_stitch-check": 5}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)
        self.diagonal = diagonal

    def build(self, input_shape):
        tasks = len(input_shape)
        start = np.ones((tasks, tasks))
        self.mixing = self.add_weight(
            shape=(tasks, tasks), initializer=keras.initializers.Constant(start)
        )

    def call(self, features):
        return [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]
