"""Leaves out a fixed number of rows of each modality, none of a small batch."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    "        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))": """\
        number = ops.cast(ops.round(self.rate * ops.cast(shape[0], "float32")), "int32")
        places = ops.argsort(ops.argsort(lots, axis=0), axis=0)
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))""",
    "kept = ops.logical_or(lots >= self.rate, largest)":
        "kept = ops.logical_or(places >= number, largest)",
}
