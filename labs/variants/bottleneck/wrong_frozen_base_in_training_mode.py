"""The base is frozen and then called with training=True: batch normalisation keeps still, but
dropout drops. The docstring says: 'The base works as in inference'."""

LOSES = {"train_head-check": 3}
REPLACE = {
    "    features = base.predict(x, verbose=0)": """\
    trainable = [layer.trainable for layer in base.layers]
    for layer in base.layers:
        layer.trainable = False  # batch normalisation uses its moving statistics
    features = ops.convert_to_numpy(base(x, training=True))
    for layer, value in zip(base.layers, trainable):
        layer.trainable = value""",
}
