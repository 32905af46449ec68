"""Stacks and products of matrices, a softmax, masks of signs, gains in one array."""

LOSES = {}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)
        self.diagonal = diagonal

    def build(self, input_shape):
        n = len(input_shape)
        self.a = self.add_weight(shape=(n, n), initializer="zeros", name="a")
        identity = np.eye(n)
        self.a.assign(self.diagonal * identity + (1 - self.diagonal) / (n - 1) * (1 - identity))

    def call(self, features):
        together = ops.stack(features, axis=-1)
        mixed = ops.matmul(together, ops.transpose(self.a))
        return [mixed[..., task] for task in range(len(features))]


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        self.log_variance = keras.Variable(np.zeros(len(classifies)), dtype="float32")
        self.numbers = ops.logical_not(ops.convert_to_tensor(classifies))

    def factors(self):
        precision = 1 / ops.exp(self.log_variance)
        return ops.where(self.numbers, precision / 2, precision)

    def call(self, losses):
        return ops.sum(losses * self.factors() + self.log_variance / 2)


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) in (0, 1):
        return [1.0] * tasks
    means = np.array([losses.mean(axis=0) for losses in epochs])
    return tasks * ops.convert_to_numpy(ops.softmax(means[-1] / means[-2] / temperature))


# %% sign_dropout
def sign_dropout(gradients, rng):
    total, size = gradients.sum(axis=0), np.abs(gradients).sum(axis=0)
    p = 0.5 * (1 + total / np.where(size == 0, 1, size))
    sign = np.where(p > rng.uniform(size=p.shape), 1, -1)
    return np.sum(gradients * (np.sign(gradients) == sign), axis=0)


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    tasks = sorted(several)
    if tasks != sorted(single) or tasks != sorted(lower_is_better):
        raise ValueError("The tasks should be the same.")
    m, s = (np.array([measures[task] for task in tasks]) for measures in (several, single))
    sign = np.array([-1 if lower_is_better[task] else 1 for task in tasks])
    return np.mean(sign[:, None] * (m - s) / abs(s), axis=0)


def mean_and_error(gains):
    gains = np.asarray(gains)
    return gains.mean(), np.sqrt(gains.var(ddof=1) / gains.size)
