"""Reduces in float32, gathers correct classes, and masks by infinity."""

LOSES = {}


# %% early_fusion
def early_fusion(train, test, components):
    def reduce(rows, new, number):
        rows, new = np.float32(rows), np.float32(new)
        mean = rows.mean(axis=0)
        _, values, directions = np.linalg.svd(rows - mean, full_matrices=False)
        whiten = directions[:number].T * np.float32(np.sqrt(len(rows) - 1)) / values[:number]
        return (rows - mean) @ whiten, (new - mean) @ whiten

    fused = [reduce(*modality) for modality in zip(train, test, components)]
    return tuple(np.concatenate(parts, axis=1) for parts in zip(*fused))


def dense_parameters(shapes, units, components=None):
    counts = components if components is not None else [np.prod(shape) for shape in shapes]
    return np.sum(counts) * units + units


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    head = [keras.layers.Dense(hidden, activation="relu"), keras.layers.Dense(classes)]
    branches = [
        keras.Sequential(
            [keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(units, "relu")]
        )
        for shape in shapes
    ]
    inputs = [keras.Input(shape) for shape in shapes]
    x = keras.layers.Concatenate()([branch(x) for branch, x in zip(branches, inputs)])
    for layer in head:
        x = layer(x)
    return keras.Model(inputs, x)


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    weights = tf.ones(len(probabilities), "float64") if weights is None else weights
    weights = tf.cast(weights, "float64")
    return (tf.einsum("i,irk->rk", weights, probabilities) / tf.reduce_sum(weights)).numpy()


def product_rule(probabilities, floor=1e-12):
    logs = tf.math.log(tf.maximum(tf.constant(probabilities), floor))
    total = tf.reduce_sum(logs, axis=0)
    return tf.exp(total - tf.reduce_logsumexp(total, axis=-1, keepdims=True)).numpy()


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    modalities, classes = logits.shape[1:]
    log_p = tf.nn.log_softmax(logits)
    places = tf.repeat(labels[:, None], modalities, axis=1)
    right = tf.gather(log_p, places, batch_dims=2)
    masked = tf.where(tf.one_hot(places, classes) > 0, -np.inf, tf.stop_gradient(logits))
    wrong = tf.reduce_logsumexp(masked, axis=-1) - tf.reduce_logsumexp(logits, axis=-1)
    others = tf.stack(
        [sum(wrong[:, j] for j in range(modalities) if j != i) + 0.0 * right[:, i]
         for i in range(modalities)],
        axis=1,
    )
    return tf.reduce_sum(tf.stop_gradient(tf.exp(beta * others)) * -right, axis=1)


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, modalities, training=False):
        if not training:
            return modalities
        number = len(modalities)
        rows = tf.shape(modalities[0])[0]
        seed = self.seed_generator.next()
        lots = tf.random.stateless_uniform((rows, number), tf.cast(seed, "int32"))
        lost = lots < self.rate
        saved = tf.random.stateless_uniform((rows,), tf.cast(seed, "int32") + 7, 0, number, "int32")
        saved = tf.one_hot(saved, number, True, False)
        lost &= ~(tf.reduce_all(lost, axis=1, keepdims=True) & saved)
        return [
            tf.where(tf.reshape(lost[:, i], [-1] + [1] * (len(x.shape) - 1)), 0.0, x)
            for i, x in enumerate(modalities)
        ]
