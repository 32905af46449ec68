"""Squeezes, so that a single row gives a scalar. Contradicts "A tensor `(rows,)`"."""

LOSES = {"kl_divergence-check": 3}


# %% kl_divergence
def kl_divergence(target, logits):
    log_p = ops.log_softmax(ops.stop_gradient(target), axis=-1)
    log_q = ops.log_softmax(logits, axis=-1)
    return ops.squeeze(ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1))
