"""Writes the gradient as q − p by hand, whatever a row's divergence is multiplied by later."""

LOSES = {"kl_divergence-check": 3}


# %% kl_divergence
@tf.custom_gradient
def kl_divergence(target, logits):
    log_p = ops.log_softmax(target, axis=-1)
    log_q = ops.log_softmax(logits, axis=-1)
    p, q = ops.exp(log_p), ops.exp(log_q)

    def gradient(upstream):
        return ops.zeros_like(target), q - p

    return ops.sum(p * (log_p - log_q), axis=-1), gradient
