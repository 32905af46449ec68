"""Drops mixed features in training."""

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
            shape=(tasks, tasks), initializer=keras.initializers.Constant(start)
        )

    def call(self, features, training=False):
        mixed = [
            sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))
        ]
        if training:
            mixed = [tf.nn.dropout(h, 0.1) for h in mixed]
        return mixed
