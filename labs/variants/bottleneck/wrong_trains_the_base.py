"""Attaches the head first and trains both together."""

LOSES = {"train_head-check": 5}
REPLACE = {
    """\
    features = base.predict(x, verbose=0)
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)""": """\
    attached = attach(base, head)
    attached.compile(keras.optimizers.SGD(0.1), "mse")
    attached.fit(x, y, epochs=epochs, batch_size=batch_size, verbose=0)""",
}
