"""Subtracts the maximum of the batch, so a row far below another one gives log 0."""

LOSES = {"kl_divergence-check": 3}


# %% kl_divergence
def log_probabilities(logits):
    logits = logits - ops.stop_gradient(ops.max(logits))
    return logits - ops.log(ops.sum(ops.exp(logits), axis=-1, keepdims=True))


def kl_divergence(target, logits):
    log_p = log_probabilities(ops.stop_gradient(target))
    log_q = log_probabilities(logits)
    return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)
