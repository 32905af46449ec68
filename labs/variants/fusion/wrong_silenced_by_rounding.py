"""Takes 1 − p from p, which is 0 where a modality is sure."""

LOSES = {"multiplicative_loss-check": 5}


# %% multiplicative_loss

def multiplicative_loss(labels, logits, beta):
    log_p = ops.log_softmax(logits, axis=-1)
    correct = ops.one_hot(labels, logits.shape[-1], dtype="bool")[:, None]
    right = ops.sum(ops.where(correct, log_p, 0.0), axis=-1)
    wrong = 1 - ops.exp(right)
    loss = 0.0
    for i in range(logits.shape[1]):
        others = [wrong[:, j] for j in range(logits.shape[1]) if j != i]
        weight = ops.prod(ops.stack(others, axis=-1), axis=-1) ** beta
        loss = loss - ops.stop_gradient(weight) * right[:, i]
    return loss
