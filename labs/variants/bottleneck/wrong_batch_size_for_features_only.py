"""batch_size is used to compute the features, but the head is trained in batches of 32. The
docstring says: 'batch_size: Rows in a batch of training.'"""

LOSES = {"train_head-check": 3}
REPLACE = {
    "features = base.predict(x, verbose=0)":
        "features = base.predict(x, batch_size=batch_size, verbose=0)",
    "head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)":
        "head.fit(features, y, epochs=epochs, verbose=0)",
}
