"""Trains the head on top of the frozen base: the same weights, but a forward pass in every epoch."""

LOSES = {"train_head-check": 5}
REPLACE = {
    """\
    features = base.predict(x, verbose=0)
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)""": """\
    for _ in range(epochs):
        head.fit(base.predict(x, verbose=0), y, batch_size=batch_size, verbose=0)""",
}
