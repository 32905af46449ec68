"""Takes the divergence the other way round: KL(q ‖ p)."""

LOSES = {"kl_divergence-check": 5}
REPLACE = {
    "return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)":
        "return ops.sum(ops.exp(log_q) * (log_q - log_p), axis=-1)",
}
