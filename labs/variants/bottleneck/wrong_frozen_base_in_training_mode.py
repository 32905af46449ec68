"""The base is frozen and then called with training=True: batch normalisation keeps still, but
dropout drops. The docstring says: 'The base works as in inference'."""

LOSES = {"train_head-check": 3}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    trainable = [layer.trainable for layer in base.layers]
    for layer in base.layers:
        layer.trainable = False  # batch normalisation uses its moving statistics
    features = ops.convert_to_numpy(base(x, training=True))
    for layer, value in zip(base.layers, trainable):
        layer.trainable = value
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)


def attach(base, head):
    return keras.Model(base.input, head(base.output))
