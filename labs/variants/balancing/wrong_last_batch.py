"""Looks at the last batch of each epoch."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {
    "earlier, last = [np.mean(losses, axis=0) for losses in epochs[-2:]]":
        "earlier, last = [losses[-1] for losses in epochs[-2:]]",
}
