"""Bounds the factors at 100."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    "return self.scale * ops.exp(-self.s)":
        "return ops.minimum(self.scale * ops.exp(-self.s), 100.0)",
}
