"""Keeps the logarithms of q above −100, so what is farther off costs no more."""

LOSES = {"kl_divergence-check": 3}
REPLACE = {
    "log_q = ops.log_softmax(logits, axis=-1)":
        "log_q = ops.maximum(ops.log_softmax(logits, axis=-1), -100.0)",
}
