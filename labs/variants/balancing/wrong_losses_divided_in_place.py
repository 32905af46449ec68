"""Changes the losses that were given."""

LOSES = {"dynamic_weights-check": 5}
REPLACE = {
    "    r = last / earlier": """\
    epochs[-1] /= np.max(epochs[-1])
    r = last / earlier""",
}
