"""Loops and masks in place of gathering."""

LOSES = {}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.tasks), initializer="random_normal")
        self.bias = self.add_weight(shape=(1, self.tasks), initializer="zeros")

    def call(self, h, task):
        every = ops.matmul(h, self.kernel) + self.bias
        own = ops.one_hot(task, self.tasks)
        return ops.sum(every * own, axis=1)


def shared_trunk(tasks, features, hidden):
    x = keras.layers.Input(shape=(features,))
    task = keras.layers.Input(shape=(), dtype="int32")
    trunk = keras.Sequential([keras.layers.Dense(hidden), keras.layers.ReLU()])
    return keras.Model(inputs=[x, task], outputs=TaskHeads(tasks)(trunk(x), task))


# %% masked_loss
def masked_loss(y_true, y_pred):
    total, count = 0.0, 0.0
    for t in range(y_true.shape[1]):
        present = ops.cast(ops.logical_not(ops.isnan(y_true[:, t])), "float32")
        filled = ops.nan_to_num(y_true[:, t])
        total = total + ops.sum(present * (filled - y_pred[:, t]) ** 2)
        count = count + ops.sum(present)
    return total / ops.maximum(count, 1.0)


# %% accumulated_gradients
def accumulated_gradients(model, batches):
    gradients = None
    for (x, task), y in batches:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model([x, task]) - y))
        new = [
            np.zeros(v.shape, "float32") if g is None else tf.convert_to_tensor(g).numpy()
            for g, v in zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        ]
        gradients = new if gradients is None else [a + b for a, b in zip(gradients, new)]
    return [tf.constant(g) for g in gradients]


def method_one_step(model, optimizer, batches):
    gradients = accumulated_gradients(model, batches)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables))


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    if draw not in ("uniform", "size"):
        raise ValueError("draw must be uniform or size")
    weights = [1] * len(sizes) if draw == "uniform" else list(sizes)
    edges = np.cumsum(weights) / np.sum(weights)
    return np.array([int(np.searchsorted(edges, rng.random(), side="right")) for _ in range(steps)])


# %% bland_altman
def bland_altman(predicted, actual):
    n = len(actual)
    d = [p - a for p, a in zip(predicted, actual)]
    bias = sum(d) / n
    s = (sum((x - bias) ** 2 for x in d) / (n - 1)) ** 0.5
    return dict(bias=bias, lower=bias - 1.96 * s, upper=bias + 1.96 * s)
