"""Stops the gradient between base and head, so that the attached model can never be fine-tuned."""

LOSES = {"train_head-check": 3}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    head.fit(base.predict(x, verbose=0), y, epochs=epochs, batch_size=batch_size, verbose=0)


def attach(base, head):
    return keras.Model(base.input, head(ops.stop_gradient(base.output)))
