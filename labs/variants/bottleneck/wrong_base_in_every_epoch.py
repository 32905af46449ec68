"""Trains the head on top of the frozen base: the same weights, but a forward pass in every epoch."""

LOSES = {"train_head-check": 5}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    for _ in range(epochs):
        head.fit(base.predict(x, verbose=0), y, batch_size=batch_size, verbose=0)


def attach(base, head):
    return keras.Model(base.input, head(base.output))
