"""Adds probabilities of the other classes in double precision, which ends at logits that are 745
apart. Contradicts "Logits may be large, several hundred for instance"."""

LOSES = {"multiplicative_loss-check": 3}
REPLACE = {
    "    wrong = ops.logsumexp(ops.where(correct, -1e9, log_p), axis=-1)": """\
    p = ops.softmax(ops.cast(logits, "float64"), axis=-1)
    wrong = ops.cast(ops.log(ops.sum(ops.where(correct, 0.0, p), axis=-1)), "float32")""",
}
