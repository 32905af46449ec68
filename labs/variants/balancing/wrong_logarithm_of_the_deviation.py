"""Takes s for the logarithm of the deviation."""

LOSES = {"uncertainty-check": 5}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")',
    "return self.scale * ops.exp(-self.s)": "return self.scale * ops.exp(-2 * self.s)",
    "return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)":
        "return ops.dot(self.factors(), losses) + ops.sum(self.s)",
}
