"""Features and labels are shuffled each on their own, so labels belong to other rows. The
docstring says of `x` and `y`: 'Inputs, `(rows, ...)`' and 'Labels, `(rows, ...)`', one label for
each row."""

LOSES = {"train_head-check": 3}
REPLACE = {
    """\
    features = base.predict(x, verbose=0)
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)""": """\
    rng = np.random.default_rng(0)
    features = rng.permutation(base.predict(x, verbose=0))
    labels = rng.permutation(y)
    head.fit(features, labels, epochs=epochs, batch_size=batch_size, verbose=0)""",
}
