"""Multiplies p instead of 1 − p: who follows a modality that knows is pushed most."""

LOSES = {"multiplicative_loss-check": 5}


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    log_p = ops.log_softmax(logits, axis=-1)
    correct = ops.one_hot(labels, logits.shape[-1], dtype="bool")[:, None]
    right = ops.sum(ops.where(correct, log_p, 0.0), axis=-1)
    wrong = ops.logsumexp(ops.where(correct, -1e9, log_p), axis=-1)
    others = ops.sum(right, axis=-1, keepdims=True) - right
    return -ops.sum(ops.stop_gradient(ops.exp(beta * others)) * right, axis=-1)
