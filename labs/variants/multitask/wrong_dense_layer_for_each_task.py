"""A list of `Dense` layers and a Python loop over tasks, which the statement rules out."""

LOSES = {"shared_trunk-check": 3}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        self.heads = [keras.layers.Dense(1) for _ in range(self.tasks)]
        for head in self.heads:
            head.build(input_shape)

    def call(self, h, task):
        every = ops.concatenate([head(h) for head in self.heads], axis=1)
        return ops.sum(every * ops.one_hot(task, self.tasks), axis=1)


def shared_trunk(tasks, features, hidden):
    x = keras.Input((features,))
    task = keras.Input((), dtype="int32")
    h = keras.layers.Dense(hidden, activation="relu")(x)
    return keras.Model([x, task], TaskHeads(tasks)(h, task))
