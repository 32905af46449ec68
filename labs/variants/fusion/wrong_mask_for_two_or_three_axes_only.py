"""The mask has three axes unless a modality has two, so it does not fit images with channels.
Contradicts "List of tensors, `(rows, ...)` each, with any number of axes"."""

LOSES = {"modality_dropout-check": 3}
REPLACE = {
    """\
        largest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, largest)
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]""": """\
        kept = ops.logical_or(lots >= self.rate, lots == ops.max(lots, axis=1, keepdims=True))
        outputs = []
        for i, x in enumerate(modalities):
            mask = ops.cast(kept[:, i], x.dtype)
            mask = mask[:, None] if len(x.shape) == 2 else mask[:, None, None]
            outputs.append(x * mask)
        return outputs""",
}
