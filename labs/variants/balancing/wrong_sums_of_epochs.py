"""Adds the losses of an epoch, so epochs of more batches look worse."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {
    "earlier, last = [np.mean(losses, axis=0) for losses in epochs[-2:]]":
        "earlier, last = [np.sum(losses, axis=0) for losses in epochs[-2:]]",
}
