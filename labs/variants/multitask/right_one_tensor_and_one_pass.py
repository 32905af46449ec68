"""All weights of the heads in one tensor, all tasks in one pass, and 32 bits where 64 are usual."""

LOSES = {}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        self.weight = self.add_weight(
            shape=(self.tasks, input_shape[-1] + 1), initializer="he_uniform"
        )

    def call(self, h, task):
        own = tf.gather(self.weight, task)
        return tf.linalg.matvec(own[:, None, :-1], h)[:, 0] + own[:, -1]


def shared_trunk(tasks, features, hidden):
    x = keras.Input(shape=(features,), name="x")
    task = keras.Input(shape=(), dtype="int32", name="task")
    h = keras.activations.relu(keras.layers.Dense(hidden)(x))
    return keras.Model(inputs=[x, task], outputs=TaskHeads(tasks)(h, task))


# %% masked_loss
def masked_loss(y_true, y_pred):
    missing = tf.math.is_nan(y_true)
    if bool(ops.all(missing)):
        return ops.sum(y_pred) * 0.0
    squares = ops.square(ops.where(missing, 0.0, ops.nan_to_num(y_true) - y_pred))
    return ops.sum(squares / ops.cast(ops.sum(ops.cast(~missing, "int32")), squares.dtype))


# %% accumulated_gradients
def accumulated_gradients(model, batches):
    x = np.concatenate([inputs[0] for inputs, y in batches])
    task = np.concatenate([inputs[1] for inputs, y in batches])
    y = np.concatenate([y for inputs, y in batches])
    weights = np.concatenate([np.full(len(y), 1 / len(y), "float32") for inputs, y in batches])
    with tf.GradientTape() as tape:
        loss = ops.sum(weights * ops.square(model([x, task]) - y))
    gradients = tape.gradient(
        loss,
        [variable.value for variable in model.trainable_variables],
        unconnected_gradients=tf.UnconnectedGradients.ZERO,
    )
    return [tf.convert_to_tensor(gradient) for gradient in gradients]


def method_one_step(model, optimizer, batches):
    gradients = accumulated_gradients(model, list(batches))
    optimizer.apply_gradients(list(zip(gradients, model.trainable_variables)))


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw == "uniform":
        return np.floor(rng.random(steps) * len(sizes)).astype("int32")
    if draw != "size":
        raise ValueError("draw")
    rows = rng.integers(0, sum(sizes), size=steps)
    return np.searchsorted(np.cumsum(sizes), rows, side="right")


# %% bland_altman
def bland_altman(predicted, actual):
    difference = np.asarray(predicted, "float32") - np.asarray(actual, "float32")
    bias = np.mean(difference)
    reach = np.float32(1.96) * np.sqrt(np.sum((difference - bias) ** 2) / (len(difference) - 1))
    return {"bias": bias, "lower": bias - reach, "upper": bias + reach}
