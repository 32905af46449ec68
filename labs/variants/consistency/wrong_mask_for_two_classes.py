"""Tells how sure the network is from two logits, which is right for two classes only."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "    sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold": """\
    margin = ops.max(clean, axis=-1) - ops.min(clean, axis=-1)
    sure = ops.sigmoid(margin) > threshold""",
}
