"""Loops over rows, modalities and classes, and sums that are written out."""

LOSES = {}


# %% early_fusion
def early_fusion(train, test, components):
    fused_train = np.zeros((len(train[0]), sum(components)))
    fused_test = np.zeros((len(test[0]), sum(components)))
    start = 0
    for i in range(len(train)):
        pca = PCA().fit(train[i])
        for component in range(components[i]):
            direction = pca.components_[component]
            along = (train[i] - pca.mean_) @ direction
            fused_train[:, start] = along / along.std()
            fused_test[:, start] = (test[i] - pca.mean_) @ direction / along.std()
            start += 1
    return fused_train, fused_test


def dense_parameters(shapes, units, components=None):
    if components is None:
        components = [int(np.multiply.reduce(shape)) for shape in shapes]
    return sum(number * units for number in components) + units


# %% late_fusion
def branch(shape, units):
    x = keras.Input(shape)
    return keras.Model(x, keras.layers.Dense(units, activation="relu")(keras.layers.Flatten()(x)))


def late_fusion(shapes, units, hidden, classes):
    branches = [branch(shape, units) for shape in shapes]
    inputs = [one.input for one in branches]
    together = keras.layers.Concatenate()([one.output for one in branches])
    head = keras.Sequential(
        [keras.layers.Dense(hidden, activation="relu"), keras.layers.Dense(classes)]
    )
    return keras.Model(inputs, head(together))


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    if weights is None:
        weights = [1.0] * len(probabilities)
    total = 0.0
    for weight, answers in zip(weights, probabilities):
        total = total + weight * answers
    return total / total.sum(axis=-1, keepdims=True)


def product_rule(probabilities, floor=1e-12):
    _, rows, classes = probabilities.shape
    result = np.zeros((rows, classes))
    for row in range(rows):
        sums = [
            sum(np.log(max(p, floor)) for p in probabilities[:, row, k]) for k in range(classes)
        ]
        for k in range(classes):
            result[row, k] = 1 / sum(np.exp(min(other - sums[k], 700)) for other in sums)
    return result


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    classes = logits.shape[-1]
    rows = []
    for row, label in enumerate(ops.convert_to_numpy(labels)):
        others = [k for k in range(classes) if k != label]
        right, wrong = [], []
        for answer in ops.unstack(logits[row], axis=0):
            log_p = ops.log_softmax(answer)
            right.append(log_p[int(label)])
            wrong.append(ops.logsumexp(ops.take(log_p, others)))
        loss = 0.0
        for i in range(len(right)):
            weight = 1.0
            for j in range(len(right)):
                if j != i:
                    weight = weight * ops.exp(beta * wrong[j])
            loss = loss - ops.stop_gradient(weight) * right[i]
        rows.append(loss)
    return ops.stack(rows)


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.rate = rate
        self.seed_generator = keras.random.SeedGenerator(seed)

    def draw(self, rows, chance):
        lots = keras.random.uniform((rows,), seed=self.seed_generator)
        return ops.cast(lots < chance, "float32")

    def call(self, modalities, training=False):
        if not training:
            return [x for x in modalities]
        rows, number = ops.shape(modalities[0])[0], len(modalities)
        kept = [self.draw(rows, 1 - self.rate) for _ in modalities]
        lost = ops.cast(ops.equal(sum(kept), 0), "float32")
        place = keras.random.randint((rows,), 0, number, seed=self.seed_generator)
        outputs = []
        for i, x in enumerate(modalities):
            saved = lost * ops.cast(ops.equal(place, i), "float32")
            mask = ops.reshape(kept[i] + saved, [-1] + [1] * (len(x.shape) - 1))
            outputs.append(mask * x)
        return outputs
