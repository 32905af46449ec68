"""Holds the matrix still."""

LOSES = {"cross_stitch-check": 5}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start), trainable=False",
}
