"""Attaches the head first and trains both together."""

LOSES = {"train_head-check": 5}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    attached = attach(base, head)
    attached.compile(keras.optimizers.SGD(0.1), "mse")
    attached.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)


def attach(base, head):
    return keras.Model(base.input, head(base.output))
