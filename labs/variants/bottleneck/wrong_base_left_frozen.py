"""Freezes the base and leaves it so: attached and fine-tuned, it would never move."""

LOSES = {"train_head-check": 3}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    base.trainable = False
    features = base.predict(x, verbose=0)
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)


def attach(base, head):
    return keras.Model(base.input, head(base.output))
