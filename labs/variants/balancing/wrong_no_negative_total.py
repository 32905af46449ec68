"""Cuts the total off at 0."""

LOSES = {"uncertainty-check": 5}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")',
    "return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)":
        "return ops.relu(ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s))",
}
