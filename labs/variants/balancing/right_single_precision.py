"""Everything in single precision, tuples of tensors, a generator drawn from the given one."""

LOSES = {}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)
        self.diagonal = diagonal

    def build(self, input_shape):
        tasks = len(input_shape)
        share = (1 - self.diagonal) / (tasks - 1)

        def near_identity(shape, dtype=None):
            return ops.eye(tasks, dtype=dtype) * (self.diagonal - share) + share

        self.mixing = self.add_weight(shape=(tasks, tasks), initializer=near_identity)

    def call(self, features):
        rows = tf.unstack(tf.convert_to_tensor(self.mixing))
        return tuple(tf.add_n([a * h for a, h in zip(tf.unstack(row), features)]) for row in rows)


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        self.halves = ops.convert_to_tensor([1.0 if one else 0.5 for one in classifies])
        self.log_variance = self.add_weight(shape=(len(classifies),), initializer="zeros")

    def factors(self):
        return self.halves / ops.exp(self.log_variance)

    def call(self, losses):
        return ops.sum(self.log_variance) / 2 + ops.sum(losses * self.factors())


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return ops.ones((tasks,))
    now, before = (ops.convert_to_tensor(losses, "float32") for losses in (epochs[-1], epochs[-2]))
    r = ops.mean(now, axis=0) / ops.mean(before, axis=0)
    return tasks * ops.softmax(r / temperature)


# %% sign_dropout
def sign_dropout(gradients, rng):
    gradients = np.asarray(gradients, "float32")
    up, down = np.maximum(gradients, 0).sum(axis=0), np.minimum(gradients, 0).sum(axis=0)
    own = np.random.default_rng(rng.integers(2**63))
    size = up - down
    lots = own.random(np.shape(size), dtype="float32")
    return np.where(lots * size < up, up, down)


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    tasks = set(several) | set(single) | set(lower_is_better)
    if any(set(measures) != tasks for measures in (several, single, lower_is_better)):
        raise ValueError("The tasks differ.")
    gains = []
    for task in tasks:
        m, s = (tf.constant(measures[task], "float32") for measures in (several, single))
        gains.append((s - m if lower_is_better[task] else m - s) / tf.abs(s))
    return tf.reduce_mean(tf.stack(gains), axis=0)


def mean_and_error(gains):
    gains = np.asarray(gains, "float32")
    return np.mean(gains), np.std(gains, ddof=1) / np.sqrt(np.float32(len(gains)))
