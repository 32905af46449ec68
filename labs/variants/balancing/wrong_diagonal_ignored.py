"""Starts with 0.9 whatever it is told."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    "self.diagonal = diagonal": "self.diagonal = 0.9",
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
}
