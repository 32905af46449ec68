"""Returns the cross entropy: the same gradient, but equal answers do not give 0."""

LOSES = {"kl_divergence-check": 5}


# %% kl_divergence
def kl_divergence(target, logits):
    p = ops.softmax(ops.stop_gradient(target), axis=-1)
    return -ops.sum(p * ops.log_softmax(logits, axis=-1), axis=-1)
