"""Loops over tasks, epochs and entries, and formulas as they stand."""

LOSES = {}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)
        self.diagonal = diagonal

    def build(self, input_shape):
        self.tasks = len(input_shape)
        rows = []
        for i in range(self.tasks):
            row = []
            for j in range(self.tasks):
                other = (1 - self.diagonal) / (self.tasks - 1)
                row.append(self.diagonal if i == j else other)
            rows.append(row)
        self.stitch = self.add_weight(shape=(self.tasks, self.tasks), initializer="ones")
        self.stitch.assign(rows)

    def call(self, features):
        mixed = []
        for i in range(self.tasks):
            row = ops.zeros_like(features[0])
            for j in range(self.tasks):
                row = row + ops.multiply(features[j], self.stitch[i][j])
            mixed.append(row)
        return mixed


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        self.kinds = tuple(classifies)
        self.s = self.add_weight(shape=(len(self.kinds),), initializer=keras.initializers.Zeros())

    def factors(self):
        factors = []
        for task, classifies in enumerate(self.kinds):
            variance = ops.exp(self.s[task])
            factors.append(1 / variance if classifies else 1 / (2 * variance))
        return ops.stack(factors)

    def call(self, losses):
        total = 0.0
        factors = self.factors()
        for task in range(len(self.kinds)):
            total += losses[task] * factors[task] + self.s[task] / 2
        return total


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    epoch = len(epochs)
    if epoch < 2:
        return np.array([1.0 for _ in range(tasks)])
    exponents = []
    for task in range(tasks):
        last = sum(epochs[epoch - 1][:, task]) / len(epochs[epoch - 1])
        before = sum(epochs[epoch - 2][:, task]) / len(epochs[epoch - 2])
        exponents.append(last / before / temperature)
    weights = []
    for one in exponents:
        with np.errstate(over="ignore"):
            weights.append(tasks / sum(np.exp(other - one) for other in exponents))
    return np.array(weights)


# %% sign_dropout
def sign_dropout(gradients, rng):
    shape = gradients.shape[1:]
    flat = gradients.reshape(len(gradients), -1)
    kept = np.zeros(flat.shape[1])
    for entry in range(flat.shape[1]):
        size = np.abs(flat[:, entry]).sum()
        if size == 0:
            continue
        p = (1 + flat[:, entry].sum() / size) / 2
        positive = rng.random() < p
        for g in flat[:, entry]:
            if (g > 0) == positive:
                kept[entry] += g
    return kept.reshape(shape)


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    for task in {*several, *single, *lower_is_better}:
        for measures in (several, single, lower_is_better):
            if task not in measures:
                raise ValueError(f"There is no {task}.")
    seeds = len(next(iter(single.values())))
    gains = np.zeros(seeds)
    for seed in range(seeds):
        for task in several:
            m, s = several[task][seed], single[task][seed]
            gain = (m - s) / abs(s)
            gains[seed] += -gain if lower_is_better[task] else gain
    return gains / len(several)


def mean_and_error(gains):
    mean = sum(gains) / len(gains)
    squares = sum((gain - mean) ** 2 for gain in gains)
    return [mean, (squares / (len(gains) - 1) / len(gains)) ** 0.5]
