"""Mixes along the last axis but one, which is that of tasks for vectors only."""

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
            shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"
        )

    def call(self, features):
        mixed = ops.matmul(self.mixing, ops.stack(features, axis=1))
        return [mixed[:, i] for i in range(len(features))]
