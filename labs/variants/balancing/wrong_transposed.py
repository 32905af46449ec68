"""Uses columns where rows should be."""

LOSES = {"cross_stitch-check": 5}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
    "sum(self.mixing[i, j] * h for j, h in enumerate(features)) for i in range(len(features))":
        "sum(self.mixing[j, i] * h for j, h in enumerate(features)) for i in range(len(features))",
}
