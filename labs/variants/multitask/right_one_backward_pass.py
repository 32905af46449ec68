"""Embeddings as heads, and one backward pass over the sum of the losses."""

LOSES = {}


# %% shared_trunk
class TaskHeads(keras.layers.Layer):
    def __init__(self, tasks, **kwargs):
        super().__init__(**kwargs)
        self.tasks = tasks
        self.bias = keras.layers.Embedding(tasks, 1)

    def build(self, input_shape):
        self.kernel = keras.layers.Embedding(self.tasks, input_shape[-1])
        self.kernel.build(input_shape)
        self.bias.build(input_shape)

    def call(self, h, task):
        return ops.einsum("bf,bf->b", h, self.kernel(task)) + ops.squeeze(self.bias(task), axis=-1)


def shared_trunk(tasks, features, hidden):
    x = keras.Input((features,))
    task = keras.Input((), dtype="int32")
    h = keras.layers.Dense(hidden, "relu", kernel_initializer="he_normal")(x)
    return keras.Model([x, task], TaskHeads(tasks)(h, task))


# %% masked_loss
def masked_loss(y_true, y_pred):
    present = tf.math.is_finite(y_true)
    labels, predictions = tf.boolean_mask(y_true, present), tf.boolean_mask(y_pred, present)
    return tf.math.divide_no_nan(
        tf.reduce_sum((labels - predictions) ** 2), tf.cast(tf.size(labels), predictions.dtype)
    )


# %% accumulated_gradients
def accumulated_gradients(model, batches):
    with tf.GradientTape() as tape:
        loss = sum(ops.mean(ops.square(y - model(inputs))) for inputs, y in batches)
    gradients = tape.gradient(loss, model.trainable_variables)
    return [
        ops.zeros(v.shape) if g is None else tf.convert_to_tensor(g)
        for g, v in zip(gradients, model.trainable_variables)
    ]


def method_one_step(model, optimizer, batches):
    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)


# %% sample_tasks
def sample_tasks(sizes, steps, draw, rng):
    sizes = np.asarray(sizes)
    shares = {"uniform": np.ones(len(sizes)), "size": sizes}
    if draw not in shares:
        raise ValueError(f"unknown draw: {draw}")
    drawn = rng.multinomial(1, shares[draw] / shares[draw].sum(), size=steps)
    return drawn.argmax(axis=1)


# %% bland_altman
def bland_altman(predicted, actual):
    d = np.subtract(predicted, actual)
    lower, upper = d.mean() + np.sqrt(d.var(ddof=1)) * np.array([-1.96, 1.96])
    return {"upper": upper, "bias": np.mean(d), "lower": lower}
