"""Sums and loops are written out, and both views pass the network together."""

LOSES = {}


# %% kl_divergence
def log_probabilities(logits):
    return logits - ops.logsumexp(logits, axis=1, keepdims=True)


def kl_divergence(target, logits):
    log_p = ops.stop_gradient(log_probabilities(target))
    return ops.einsum("rk,rk->r", ops.exp(log_p), log_p - log_probabilities(logits))


# %% uda_loss
def uda_loss(clean, augmented, divergence, temperature, threshold):
    rows = divergence(clean * (1 / temperature), augmented)
    total = 0.0
    for row, answer in enumerate(ops.convert_to_numpy(clean).astype("float64")):
        answer = np.exp(answer - answer.max())
        if answer.max() / answer.sum() > threshold:
            total = total + rows[row]
    return total / rows.shape[0] + 0.0 * ops.sum(rows)


# %% shift_pictures
def shift_pictures(pictures, reach, rng):
    moved = np.zeros_like(pictures)
    height, width = pictures.shape[1:3]
    for old, new in zip(pictures, moved):
        down, right = rng.integers(-reach, reach, size=2, endpoint=True)
        for line in range(height):
            for column in range(width):
                if 0 <= line - down < height and 0 <= column - right < width:
                    new[line, column] = old[line - down, column - right]
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
        total = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(y, y_pred)
        for penalty in self.losses:
            total = total + penalty
        if isinstance(x, dict) and "views" in x:
            logits = self.network(ops.concatenate(x["views"], axis=0), training=training)
            clean, augmented = ops.split(logits, 2)
            clean = ops.stop_gradient(clean)
            total = total + ops.multiply(self.weight, self.unlabelled_loss(clean, augmented))
        return total


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    for own, other in zip(teacher.layers, student.layers):
        own.set_weights(other.get_weights())
        own.trainable = False
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign_add((1 - momentum) * (new - old))
