"""Adds probabilities of the other classes in double precision, which ends at logits that are 745
apart. Contradicts "Logits may be large, several hundred for instance"."""

LOSES = {"multiplicative_loss-check": 3}


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    log_p = ops.log_softmax(logits, axis=-1)
    correct = ops.one_hot(labels, logits.shape[-1], dtype="bool")[:, None]
    right = ops.sum(ops.where(correct, log_p, 0.0), axis=-1)
    p = ops.softmax(ops.cast(logits, "float64"), axis=-1)
    wrong = ops.cast(ops.log(ops.sum(ops.where(correct, 0.0, p), axis=-1)), "float32")
    others = ops.sum(wrong, axis=-1, keepdims=True) - wrong
    return -ops.sum(ops.stop_gradient(ops.exp(beta * others)) * right, axis=-1)
