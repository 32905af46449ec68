"""TensorFlow in place of keras.ops, windows in place of indices, paths in place of order."""

LOSES = {}


# %% kl_divergence
def kl_divergence(target, logits):
    log_p = tf.nn.log_softmax(tf.stop_gradient(target))
    return tf.reduce_sum(tf.exp(log_p) * (log_p - tf.nn.log_softmax(logits)), axis=-1)


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    sure = tf.reduce_max(tf.nn.softmax(clean), axis=-1) > threshold
    rows = divergence(clean / temperature, augmented)
    return tf.reduce_sum(tf.boolean_mask(rows, sure)) / tf.cast(tf.size(rows), rows.dtype)


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    rows, height, width, channels = pictures.shape
    padded = np.zeros((rows, height + 2 * reach, width + 2 * reach, channels), pictures.dtype)
    padded[:, reach : reach + height, reach : reach + width] = pictures
    windows = np.lib.stride_tricks.sliding_window_view(padded, (height, width), axis=(1, 2))
    down, right = (rng.choice(2 * reach + 1, size=rows) for _ in range(2))
    return np.moveaxis(windows[np.arange(rows), down, right], 1, -1).copy()


# %% total_loss
class SemiSupervised(keras.Model):
    def __init__(self, network, unlabelled_loss, weight):
        super().__init__()
        self.network, self.unlabelled_loss, self.weight = network, unlabelled_loss, weight

    def call(self, inputs, training=None):
        x = inputs["labelled"] if isinstance(inputs, dict) else inputs
        return self.network(x, training=training)

    def unlabelled(self, clean, augmented, training):
        clean = tf.stop_gradient(self.network(clean, training=training))
        return self.unlabelled_loss(clean, self.network(augmented, training=training))

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        log_q = tf.nn.log_softmax(y_pred)
        right = tf.one_hot(tf.cast(y, tf.int32), y_pred.shape[-1])
        loss = -tf.reduce_mean(tf.reduce_sum(right * log_q, axis=-1))
        loss += tf.add_n([tf.constant(0.0), *self.network.losses])
        if isinstance(x, dict) and self.weight:
            loss += self.weight * self.unlabelled(*x["views"], training)
        return loss


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.trainable = False
    follow(teacher, student, 0.0)
    return teacher


def follow(teacher, student, momentum):
    values = {weight.path: weight for weight in student.weights}
    for weight in teacher.weights:
        weight.assign(weight * momentum + values[weight.path] * (1 - momentum))
