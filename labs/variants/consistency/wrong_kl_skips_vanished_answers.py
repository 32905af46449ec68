"""Leaves out the classes whose q rounds to 0, though they cost most."""

LOSES = {"kl_divergence-check": 3}


# %% kl_divergence
def kl_divergence(target, logits):
    target = ops.stop_gradient(target)
    p, q = ops.softmax(target, axis=-1), ops.softmax(logits, axis=-1)
    log_p, log_q = ops.log_softmax(target, axis=-1), ops.log_softmax(logits, axis=-1)
    valid = ops.logical_and(p > 0, q > 0)
    return ops.sum(ops.where(valid, p * (log_p - log_q), 0.0), axis=-1)
