"""Takes the divergence the other way round: KL(q ‖ p)."""

LOSES = {"kl_divergence-check": 5}


# %% kl_divergence
def kl_divergence(target, logits):
    log_p = ops.log_softmax(ops.stop_gradient(target), axis=-1)
    log_q = ops.log_softmax(logits, axis=-1)
    return ops.sum(ops.exp(log_q) * (log_q - log_p), axis=-1)
