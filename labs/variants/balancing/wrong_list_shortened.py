"""Removes epochs from the list that was given."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {
    "earlier, last = [np.mean(losses, axis=0) for losses in epochs[-2:]]":
        "last, earlier = np.mean(epochs.pop(), axis=0), np.mean(epochs.pop(), axis=0)",
}
