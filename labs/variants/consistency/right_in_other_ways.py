"""Double precision, logarithms for the mask, slices, one call for both views, a deep copy."""

LOSES = {}


# %% kl_divergence
def kl_divergence(target, logits):
    target = tf.stop_gradient(tf.cast(target, "float64"))
    p, log_q = tf.nn.softmax(target), tf.nn.log_softmax(tf.cast(logits, "float64"))
    entropy = -tf.reduce_sum(tf.math.xlogy(p, p), axis=-1)
    return tf.cast(-tf.reduce_sum(p * log_q, axis=-1) - entropy, logits.dtype)


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    clean = ops.stop_gradient(clean)
    sure = ops.max(ops.log_softmax(clean), axis=-1) > (np.log(threshold) if threshold > 0 else -np.inf)
    rows = ops.convert_to_numpy(ops.nonzero(sure)[0])
    chosen = divergence(ops.take(clean, rows, axis=0) / temperature, ops.take(augmented, rows, axis=0))
    return ops.sum(chosen) / len(clean)


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    moved = np.zeros_like(pictures)
    height, width = pictures.shape[1:3]
    shifts = rng.choice(np.arange(-reach, reach + 1), size=(len(pictures), 2))
    for new, old, (down, right) in zip(moved, pictures, shifts):
        above, left = max(down, 0), max(right, 0)
        below, beyond = height + min(down, 0), width + min(right, 0)
        new[above:below, left:beyond] = old[
            above - down : below - down, left - right : beyond - right
        ]
    return moved


# %% total_loss
class SemiSupervised(keras.Model):
    def __init__(self, network, unlabelled_loss, weight):
        super().__init__()
        self.network, self.unlabelled_loss, self.weight = network, unlabelled_loss, weight

    def call(self, inputs, training=None):
        x = inputs["labelled"] if isinstance(inputs, dict) else inputs
        return self.network(x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        unlabelled = 0.0
        if isinstance(x, dict):
            clean, augmented = x["views"]
            both = self.network(tf.concat([clean, augmented], axis=0), training=training)
            rows = tf.shape(clean)[0]
            target = tf.stop_gradient(both[:rows])
            unlabelled = self.weight * self.unlabelled_loss(target, both[rows:])
        return unlabelled + super().compute_loss(x, y, y_pred, sample_weight, training)


# %% ema_teacher
import copy


def make_teacher(student):
    teacher = copy.deepcopy(student)
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign(new + momentum * (old - new))
