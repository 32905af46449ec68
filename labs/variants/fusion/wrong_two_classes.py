"""Takes the logarithm of 1 − p from the next class, which is the rest only if there are two."""

LOSES = {"multiplicative_loss-check": 3}
REPLACE = {
    "wrong = ops.logsumexp(ops.where(correct, -1e9, log_p), axis=-1)":
        "wrong = ops.max(ops.where(correct, -1e9, log_p), axis=-1)",
}
