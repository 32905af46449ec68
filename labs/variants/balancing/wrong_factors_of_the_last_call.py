"""Returns the factors of the last call, not those of now."""

LOSES = {"uncertainty-check": 5}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")',
    "return self.scale * ops.exp(-self.s)": "return self.latest",
    "        return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)": """\
        self.latest = self.scale * ops.exp(-self.s)
        return ops.dot(self.latest, losses) + 0.5 * ops.sum(self.s)""",
}
