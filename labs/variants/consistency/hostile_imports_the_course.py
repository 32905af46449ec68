"""Answers with the course's own implementations of what the lab asks for."""

LOSES = {
    "kl_divergence-check": 5,
    "uda_loss-check": 5,
    "shift_pictures-check": 5,
    "total_loss-check": 5,
    "ema_teacher-check": 4,
}
REPORTED = "imports parts of the course that labs do without: course_lib.consistency"


# %% kl_divergence
def kl_divergence(target, logits):
    from course_lib.consistency import losses

    return losses.kl_divergence(ops.stop_gradient(target), logits)


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    from course_lib.consistency import losses

    losses.kl_divergence = divergence
    return losses.uda(clean, augmented, temperature, threshold)


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    from course_lib.consistency.augmentations import crop_and_flip

    share = (reach + 0.49) / min(pictures.shape[1:3])
    shift = crop_and_flip(share, flip=False, seed=int(rng.integers(2**31)))
    return np.asarray(shift(pictures, training=True)).astype(pictures.dtype)


# %% total_loss
class SemiSupervised(keras.Model):
    def __init__(self, network, unlabelled_loss, weight):
        from course_lib.consistency.methods import UDA

        super().__init__()
        self.inner = UDA(network, weight=weight)
        self.inner.unlabelled_loss = lambda *views: unlabelled_loss(*map(network, views))

    def call(self, inputs, training=None):
        return self.inner(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.inner.compute_loss(x, y, y_pred, sample_weight, training)


# %% ema_teacher
def make_teacher(student):
    from course_lib.consistency import teachers

    return teachers.make(student)


def follow(teacher, student, momentum):
    from course_lib.consistency import teachers

    teachers.follow(teacher, student, momentum)
