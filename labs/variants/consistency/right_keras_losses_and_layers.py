"""Cross entropies of Keras, its own translation layer, and a teacher made from a configuration."""

LOSES = {}


# %% kl_divergence
def kl_divergence(target, logits):
    target = ops.stop_gradient(target)
    p = ops.softmax(target)
    cross_entropy = keras.losses.categorical_crossentropy(p, logits, from_logits=True)
    return cross_entropy - keras.losses.categorical_crossentropy(p, target, from_logits=True)


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    clean = ops.stop_gradient(clean)
    rows = divergence(ops.divide(clean, temperature), augmented)
    counts = ops.cast(ops.amax(ops.softmax(clean), axis=1) > threshold, rows.dtype)
    return ops.sum(counts * rows) / clean.shape[0]


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    shift = keras.layers.RandomTranslation(
        height_factor=reach / pictures.shape[1],
        width_factor=reach / pictures.shape[2],
        fill_mode="constant",
        interpolation="nearest",
        dtype="float64",
        seed=int(rng.integers(2**31)),
    )
    return ops.convert_to_numpy(shift(pictures, training=True)).astype(pictures.dtype)


# %% total_loss
class SemiSupervised(keras.Model):
    def __init__(self, network, unlabelled_loss, weight):
        super().__init__()
        self.network, self.unlabelled_loss, self.weight = network, unlabelled_loss, weight

    def call(self, inputs, training=None):
        x = inputs["labelled"] if isinstance(inputs, dict) else inputs
        return self.network(x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        labelled = ops.mean(
            keras.losses.sparse_categorical_crossentropy(y, y_pred, from_logits=True)
        ) + sum(self.losses)
        if not isinstance(x, dict):
            return labelled
        target = ops.stop_gradient(self.network(x["views"][0], training=training))
        answer = self.network(x["views"][1], training=training)
        return labelled + self.weight * self.unlabelled_loss(target, answer)


# %% ema_teacher
def make_teacher(student):
    teacher = type(student).from_config(student.get_config())
    teacher.set_weights(student.get_weights())
    for layer in teacher.layers:
        layer.trainable = False
    return teacher


def follow(teacher, student, momentum):
    pairs = zip(teacher.get_weights(), student.get_weights())
    teacher.set_weights([momentum * old + (1 - momentum) * new for old, new in pairs])
