"""Drops mixed features in training."""

LOSES = {"cross_stitch-check": 3}
REPLACE = {
    'shape=(tasks, tasks), initializer=keras.initializers.Constant(start), name="mixing"':
        "shape=(tasks, tasks), initializer=keras.initializers.Constant(start)",
    "def call(self, features):": "def call(self, features, training=False):",
    "return [": "mixed = [",
    "        ]": """\
        ]
        if training:
            mixed = [tf.nn.dropout(h, 0.1) for h in mixed]
        return mixed""",
}
