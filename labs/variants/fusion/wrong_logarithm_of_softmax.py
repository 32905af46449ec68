"""Goes to probabilities and back: a surely wrong modality makes the loss infinite or no number."""

LOSES = {"multiplicative_loss-check": 3}
REPLACE = {
    "log_p = ops.log_softmax(logits, axis=-1)": "log_p = ops.log(ops.softmax(logits, axis=-1))",
    "    wrong = ops.logsumexp(ops.where(correct, -1e9, log_p), axis=-1)": """\
    rest = ops.where(correct, -1e9, ops.log_softmax(logits, axis=-1))
    wrong = ops.logsumexp(rest, axis=-1)""",
}
