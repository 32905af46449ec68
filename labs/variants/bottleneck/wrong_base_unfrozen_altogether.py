"""Freezes the base and then unfreezes all of its layers, also those that were frozen before."""

LOSES = {"train_head-check": 3}
REPLACE = {
    "    features = base.predict(x, verbose=0)": """\
    for layer in base.layers:
        layer.trainable = False
    features = base.predict(x, verbose=0)""",
    "    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)": """\
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)
    for layer in base.layers:
        layer.trainable = True""",
}
