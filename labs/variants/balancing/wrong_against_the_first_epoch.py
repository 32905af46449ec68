"""Compares the last epoch with the first one."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {
    "earlier, last = [np.mean(losses, axis=0) for losses in epochs[-2:]]":
        "earlier, last = [np.mean(losses, axis=0) for losses in (epochs[0], epochs[-1])]",
}
