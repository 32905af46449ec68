"""Singular values, TensorFlow in place of keras.ops, and rows drawn again until something is left."""

LOSES = {}


# %% early_fusion
def early_fusion(train, test, components):
    def reduce(rows, new, number):
        _, values, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
        unit = values[:number] / np.sqrt(len(rows))
        return [(x - rows.mean(axis=0)) @ directions[:number].T / unit for x in (rows, new)]

    pairs = [reduce(*modality) for modality in zip(train, test, components)]
    return tuple(np.hstack(parts) for parts in zip(*pairs))


def dense_parameters(shapes, units, components=None):
    features = 0
    for shape in shapes:
        size = 1
        for length in shape:
            size *= length
        features += size
    if components is not None:
        features = sum(components)
    return features * units + units


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    inputs = [keras.layers.Input(shape=shape) for shape in shapes]
    features = []
    for x in inputs:
        flat = keras.layers.Reshape((-1,))(x)
        features.append(keras.activations.relu(keras.layers.Dense(units)(flat)))
    h = keras.activations.relu(keras.layers.Dense(hidden)(ops.concatenate(features, axis=-1)))
    logits = keras.layers.Dense(classes, activation="linear")(h)
    return keras.Model(inputs=inputs, outputs=logits)


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        return np.mean(probabilities, axis=0)
    weights = np.reshape(weights, (-1, 1, 1))
    return np.sum(weights * probabilities, axis=0) / np.sum(weights)


def product_rule(probabilities, floor=1e-12):
    total = np.sum(np.log(np.where(probabilities < floor, floor, probabilities)), axis=0)
    return tf.nn.softmax(total, axis=-1).numpy()


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    rows, modalities, classes = logits.shape
    log_p = tf.nn.log_softmax(logits)
    chosen = tf.tile(tf.one_hot(labels, classes, True, False)[:, None], (1, modalities, 1))
    right = tf.reshape(log_p[chosen], (rows, modalities))
    wrong = tf.reduce_logsumexp(
        tf.reshape(log_p[~chosen], (rows, modalities, classes - 1)), axis=-1
    )
    others = wrong @ (tf.ones((modalities, modalities)) - tf.eye(modalities))
    return tf.reduce_sum(-right * tf.stop_gradient(tf.exp(beta * others)), axis=-1)


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, modalities, training=False):
        if not training:
            return list(modalities)
        number = len(modalities)
        sets = [[bool(code >> i & 1) for i in range(number)] for code in range(1, 2**number)]
        chances = [
            np.prod([1 - self.rate if there else self.rate for there in kept]) for kept in sets
        ]
        logits = tf.math.log(tf.constant([chances], "float32"))
        rows = tf.shape(modalities[0])[0]
        drawn = keras.random.categorical(logits, rows, seed=self.seed_generator)[0]
        kept = tf.gather(tf.constant(sets, "float32"), drawn)
        return [
            tf.einsum("r,r...->r...", kept[:, i], tf.cast(x, "float32"))
            for i, x in enumerate(modalities)
        ]
