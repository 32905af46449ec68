"""Multiplies p instead of 1 − p: who follows a modality that knows is pushed most."""

LOSES = {"multiplicative_loss-check": 5}
REPLACE = {
    "others = ops.sum(wrong, axis=-1, keepdims=True) - wrong":
        "others = ops.sum(right, axis=-1, keepdims=True) - right",
}
