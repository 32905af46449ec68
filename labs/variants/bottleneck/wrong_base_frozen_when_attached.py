"""Freezes the base when the head is attached."""

LOSES = {"train_head-check": 3}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    head.fit(base.predict(x, verbose=0), y, epochs=epochs, batch_size=batch_size, verbose=0)


def attach(base, head):
    base.trainable = False
    return keras.Model(base.input, head(base.output))
