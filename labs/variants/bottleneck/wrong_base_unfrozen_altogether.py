"""Freezes the base and then unfreezes all of its layers, also those that were frozen before."""

LOSES = {"train_head-check": 3}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    for layer in base.layers:
        layer.trainable = False
    features = base.predict(x, verbose=0)
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)
    for layer in base.layers:
        layer.trainable = True


def attach(base, head):
    return keras.Model(base.input, head(base.output))
