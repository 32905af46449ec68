"""Stops when the loss rises, although epochs are given."""

LOSES = {"train_head-check": 3}
REPLACE = {
    "    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)": """\
    stop = keras.callbacks.EarlyStopping("loss", patience=2, restore_best_weights=True)
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0, callbacks=[stop])""",
}
