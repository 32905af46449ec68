"""Halves the loss of every task."""

LOSES = {"uncertainty-check": 5}
REPLACE = {
    'self.scale = np.where(classifies, 1.0, 0.5).astype("float32")':
        'self.scale = np.where(classifies, 0.5, 0.5).astype("float32")',
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros")',
}
