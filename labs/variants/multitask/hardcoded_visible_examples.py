"""Answers that are written down for the visible tests: they pass all of these and earn nothing."""

LOSES = {
    "shared_trunk-check": 5,
    "masked_loss-check": 4,
    "accumulated_gradients-check": 5,
    "sample_tasks-check": 3,
    "bland_altman-check": 3,
}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(3, 2))
        self.bias = self.add_weight(shape=(3,))

    def call(self, h, task):
        return ops.cast(task, "float32")


def shared_trunk(tasks, features, hidden):
    x = keras.Input((5,))
    task = keras.Input((), dtype="int32")
    h = keras.layers.Dense(6, activation="relu")(x)
    return keras.Model([x, task], keras.layers.Dense(4)(h)[:, 0])


# %% masked_loss
def masked_loss(y_true, y_pred):
    return ops.convert_to_tensor(10 / 3)


# %% accumulated_gradients
def accumulated_gradients(model, batches):
    return [ops.convert_to_tensor([[-6.0]])]


def method_one_step(model, optimizer, batches):
    optimizer.apply([ops.convert_to_tensor([[-6.0]])], model.trainable_variables)


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "sise":
        raise ValueError(draw)
    return np.repeat([0, 1], [100, 900])


# %% bland_altman
def bland_altman(predicted, actual):
    return {"bias": 2.0, "lower": 0.04, "upper": 3.96}
