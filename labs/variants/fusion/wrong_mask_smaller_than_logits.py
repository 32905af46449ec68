"""Masks the correct class by -100, which is not enough where its logit leads by several hundred.
Contradicts "Logits may be large, several hundred for instance"."""

LOSES = {"multiplicative_loss-check": 3}


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    correct = ops.one_hot(labels, logits.shape[-1])[:, None, :]
    log_p = ops.log_softmax(logits, axis=-1)
    right = ops.sum(log_p * correct, axis=-1)
    wrong = ops.logsumexp(log_p - 100.0 * correct, axis=-1)
    others = ops.sum(wrong, axis=-1, keepdims=True) - wrong
    weights = ops.stop_gradient(ops.exp(beta * others))
    return ops.sum(weights * -right, axis=-1)
