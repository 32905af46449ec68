"""Clips s to −10 to 10 before it is used."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    "return self.scale * ops.exp(-self.s)":
        "return self.scale * ops.exp(-ops.clip(self.s, -10, 10))",
    "        return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)": """\
        s = ops.clip(self.s, -10, 10)
        return ops.dot(self.factors(), losses) + 0.5 * ops.sum(s)""",
}
