"""Takes the largest probability for that of the correct class: whoever is sure is right."""

LOSES = {"multiplicative_loss-check": 5}
REPLACE = {
    'correct = ops.one_hot(labels, logits.shape[-1], dtype="bool")[:, None]':
        'correct = ops.one_hot(ops.argmax(log_p, axis=-1), logits.shape[-1], dtype="bool")',
}
