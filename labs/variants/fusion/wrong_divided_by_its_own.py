"""Divides the product of all 1 − p by its own: 0/0 where a modality is sure."""

LOSES = {"multiplicative_loss-check": 5}


# %% multiplicative_loss

def multiplicative_loss(labels, logits, beta):
    correct = ops.one_hot(labels, logits.shape[-1])[:, None]
    p = ops.sum(correct * ops.softmax(logits, axis=-1), axis=-1)
    weight = (ops.prod(1 - p, axis=-1, keepdims=True) / (1 - p)) ** beta
    return -ops.sum(ops.stop_gradient(weight) * ops.log(p), axis=-1)
