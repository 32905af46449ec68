"""Adds a penalty of large s to the layer's losses."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")':
        'self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", regularizer="l2")',
}
