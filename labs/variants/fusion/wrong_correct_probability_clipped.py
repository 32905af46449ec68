"""Clips the probability of the correct class at 1e-7 before the logarithm, without a gradient.
Contradicts "Where p_i is 0 in float32, its logarithm is still a number: `ops.log_softmax`"."""

LOSES = {"multiplicative_loss-check": 3}


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    correct = ops.one_hot(labels, logits.shape[-1])[:, None, :]
    p = ops.sum(ops.softmax(logits, axis=-1) * correct, axis=-1)
    log_p = ops.log(ops.clip(p, 1e-7, 1.0))
    log_wrong = ops.logsumexp(logits - 1e9 * correct, axis=-1) - ops.logsumexp(logits, axis=-1)
    others = ops.sum(log_wrong, axis=1, keepdims=True) - log_wrong
    weights = ops.stop_gradient(ops.exp(beta * others))
    return -ops.sum(weights * log_p, axis=1)
