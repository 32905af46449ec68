"""Penalises rows that do not sum to 1."""

LOSES = {"cross_stitch-check": 3}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)
        self.diagonal = diagonal

    def build(self, input_shape):
        tasks = len(input_shape)
        start = np.full((tasks, tasks), (1 - self.diagonal) / (tasks - 1))
        np.fill_diagonal(start, self.diagonal)
        self.mixing = self.add_weight(
            shape=(tasks, tasks),
            initializer=keras.initializers.Constant(start),
            regularizer=lambda mixing: ops.sum((ops.sum(mixing, axis=1) - 1) ** 2),
            name="mixing",
        )

    def call(self, features):
        return [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]
