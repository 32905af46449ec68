"""Stops the target inside the logarithm and forgets the probabilities in front of it."""

LOSES = {"kl_divergence-check": 5}


# %% kl_divergence
def kl_divergence(target, logits):
    log_p = ops.log_softmax(ops.stop_gradient(target), axis=-1)
    log_q = ops.log_softmax(logits, axis=-1)
    return ops.sum(ops.softmax(target, axis=-1) * (log_p - log_q), axis=-1)
