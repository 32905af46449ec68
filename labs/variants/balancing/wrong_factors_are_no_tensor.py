"""Returns factors as an array, which no gradient passes."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")',
    "return self.scale * ops.exp(-self.s)":
        "return self.scale * np.exp(-ops.convert_to_numpy(self.s))",
    "return ops.dot(self.factors(), losses) + 0.5 * ops.sum(self.s)":
        "return ops.sum(self.scale * ops.exp(-self.s) * losses + 0.5 * self.s)",
}
