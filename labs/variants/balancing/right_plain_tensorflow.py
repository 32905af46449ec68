"""TensorFlow in place of keras.ops, lots from a binomial, the standard library's statistics."""

LOSES = {}


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        super().__init__(**kwargs)
        self.diagonal = diagonal

    def build(self, input_shape):
        tasks = len(input_shape)
        rest = (1 - self.diagonal) / (tasks - 1)

        def near_identity(shape, dtype=None):
            return tf.linalg.set_diag(tf.fill(shape, rest), tf.fill(shape[:1], self.diagonal))

        self.kernel = self.add_weight(shape=(tasks, tasks), initializer=near_identity)

    def call(self, features):
        mixed = tf.einsum("ij,j...->i...", tf.convert_to_tensor(self.kernel), tf.stack(features))
        return tf.unstack(mixed, num=len(features))


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        super().__init__(**kwargs)
        self.classifies = list(classifies)
        self.s = self.add_weight(shape=(len(self.classifies),), initializer="zeros")

    def factors(self):
        log_two = [0.0 if classifies else 0.6931472 for classifies in self.classifies]
        return tf.exp(-tf.convert_to_tensor(self.s) - log_two)

    def call(self, losses):
        return tf.tensordot(self.factors(), losses, 1) + tf.reduce_sum(self.s) / 2


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    if len(epochs) < 2:
        return tf.ones(tasks)
    r = tf.reduce_mean(epochs[-1], axis=0) / tf.reduce_mean(epochs[-2], axis=0)
    return (tasks * tf.nn.softmax(r / temperature)).numpy()


# %% sign_dropout
def sign_dropout(gradients, rng):
    positive = np.where(gradients > 0, gradients, 0).sum(axis=0)
    negative = -np.where(gradients < 0, gradients, 0).sum(axis=0)
    with np.errstate(invalid="ignore"):
        purity = np.nan_to_num(positive / (positive + negative))
    up = rng.binomial(1, np.clip(purity, 0, 1))
    return up * positive - (1 - up) * negative


# %% relative_gain
import statistics


def relative_gains(several, single, lower_is_better):
    if set(several) ^ set(single) or set(several) ^ set(lower_is_better):
        raise ValueError(f"Tasks: {set(several)}, {set(single)}, {set(lower_is_better)}")
    gains = []
    for task, lower in lower_is_better.items():
        gain = np.asarray(several[task]) / single[task] - 1
        turned = np.sign(single[task]) * (-1) ** lower
        gains.append(turned * gain)
    return sum(gains) / len(gains)


def mean_and_error(gains):
    gains = [float(gain) for gain in gains]
    return statistics.fmean(gains), statistics.stdev(gains) / np.sqrt(len(gains))
