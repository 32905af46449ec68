"""Lets the gradient pass the target: the right value, but both answers move."""

LOSES = {"kl_divergence-check": 5}


# %% kl_divergence
def kl_divergence(target, logits):
    log_p, log_q = ops.log_softmax(target, axis=-1), ops.log_softmax(logits, axis=-1)
    return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)
