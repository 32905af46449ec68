"""Has the exponent beta / (M - 1) of the original paper, the same for two modalities only.
Contradicts the formula of the statement, whose exponent is beta."""

LOSES = {"multiplicative_loss-check": 3}


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    modalities, classes = logits.shape[1], logits.shape[2]
    log_p = ops.log_softmax(logits, axis=-1)
    correct = ops.one_hot(labels, classes)[:, None, :]
    right = ops.sum(correct * log_p, axis=-1)
    wrong = ops.logsumexp(log_p - 1e9 * correct, axis=-1)
    others = ops.sum(wrong, axis=-1, keepdims=True) - wrong
    weights = ops.exp(beta / max(modalities - 1, 1) * others)
    return -ops.sum(ops.stop_gradient(weights) * right, axis=-1)
