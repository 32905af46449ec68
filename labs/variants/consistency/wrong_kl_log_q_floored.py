"""Keeps the logarithms of q above −100, so what is farther off costs no more."""

LOSES = {"kl_divergence-check": 3}


# %% kl_divergence
def kl_divergence(target, logits):
    log_p = ops.log_softmax(ops.stop_gradient(target), axis=-1)
    log_q = ops.maximum(ops.log_softmax(logits, axis=-1), -100.0)
    return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)
