"""Learns the variance itself, which may become negative."""

LOSES = {"uncertainty-check": 5}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="ones")',
    "return self.scale * ops.exp(-self.s)": "return self.scale * 1 / self.s",
    "return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)":
        "return ops.dot(self.factors(), losses) + 0.5 * ops.sum(ops.log(self.s))",
}
