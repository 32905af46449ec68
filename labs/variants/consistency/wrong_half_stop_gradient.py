"""Stops the target inside the logarithm and forgets the probabilities in front of it."""

LOSES = {"kl_divergence-check": 5}
REPLACE = {
    "return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)":
        "return ops.sum(ops.softmax(target, axis=-1) * (log_p - log_q), axis=-1)",
}
