"""Tells the precisions in place of what losses are multiplied by."""

LOSES = {"uncertainty-check": 5}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")',
    "return self.scale * ops.exp(-self.s)": "return ops.exp(-self.s)",
    "return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)":
        "return ops.dot(self.scale * self.factors(), losses) + 0.5 * ops.sum(self.s)",
}
