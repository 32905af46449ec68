"""Eigenvectors, layers of Keras for each step, margins of logits, and lots that are sorted."""

LOSES = {}


# %% early_fusion
def early_fusion(train, test, components):
    fused = [[], []]
    for rows, new, number in zip(train, test, components):
        mean = rows.mean(axis=0)
        variances, directions = np.linalg.eigh(np.cov(rows, rowvar=False))
        largest = np.argsort(variances)[::-1][:number]
        whiten = directions[:, largest] / np.sqrt(variances[largest])
        fused[0].append((rows - mean) @ whiten)
        fused[1].append((new - mean) @ whiten)
    return [np.concatenate(parts, axis=1) for parts in fused]


def dense_parameters(shapes, units, components=None):
    layer = keras.layers.Dense(units)
    features = sum(components or [np.empty(shape).size for shape in shapes])
    layer.build((None, int(features)))
    return layer.count_params()


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    inputs, features = [], []
    for number, shape in enumerate(shapes):
        inputs.append(keras.Input(shape, name=f"modality_{number}"))
        branch = keras.Sequential(
            [keras.layers.Flatten(), keras.layers.Dense(units), keras.layers.ReLU()]
        )
        features.append(branch(inputs[-1]))
    h = keras.layers.Dense(hidden)(keras.layers.concatenate(features))
    return keras.Model(inputs, keras.layers.Dense(classes)(keras.layers.Activation("relu")(h)))


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    weights = np.ones(len(probabilities)) if weights is None else np.asarray(weights, float)
    return np.tensordot(weights / weights.sum(), probabilities, axes=1)


def product_rule(probabilities, floor=1e-12):
    result = np.ones(probabilities.shape[1:])
    for p in probabilities:
        result = result * np.clip(p, floor, None)
        result /= result.sum(axis=-1, keepdims=True)
    return result


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    margins = []
    for modality in ops.unstack(logits, axis=1):
        correct = ops.one_hot(labels, modality.shape[-1])
        others = ops.logsumexp(modality - 1e9 * correct, axis=-1)
        margins.append(ops.sum(correct * modality, axis=-1) - others)
    loss = 0.0
    for i, margin in enumerate(margins):
        silent = -beta * sum(ops.softplus(m) for j, m in enumerate(margins) if j != i)
        loss = loss + ops.exp(ops.stop_gradient(silent)) * ops.softplus(-margin)
    return loss


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, modalities, training=False):
        if not training:
            return modalities
        rows, number = ops.shape(modalities[0])[0], len(modalities)
        lots = keras.random.uniform((rows, number), seed=self.seed_generator)
        saved = ops.one_hot(ops.argmax(lots, axis=1), number)
        kept = ops.maximum(ops.cast(lots > self.rate, "float32"), saved)
        outputs = []
        for i, x in enumerate(modalities):
            mask = kept[:, i]
            while len(mask.shape) < len(x.shape):
                mask = ops.expand_dims(mask, -1)
            outputs.append(ops.where(mask > 0, x, 0.0))
        return outputs
