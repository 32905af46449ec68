"""Goes back to the epoch with the smallest loss."""

LOSES = {"train_head-check": 3}
REPLACE = {
    "    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)": """\
    best, kept = np.inf, head.get_weights()
    for _ in range(epochs):
        found = head.fit(features, y, batch_size=batch_size, verbose=0).history["loss"][0]
        if found < best:
            best, kept = found, head.get_weights()
    head.set_weights(kept)""",
}
