"""Holds s between −3 and 3 in the factors."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")',
    "return self.scale * ops.exp(-self.s)": "return self.scale * ops.exp(-ops.clip(self.s, -3, 3))",
}
