"""Adds the penalties of regularisers to a loss that has them already."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    "        if isinstance(x, dict):": """\
        loss += sum(self.losses)
        if isinstance(x, dict):""",
}
