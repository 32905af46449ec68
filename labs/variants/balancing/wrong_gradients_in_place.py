"""Sets to 0 what is not kept in the array that was given."""

LOSES = {"sign_dropout-check": 5}
REPLACE = {
    "    return np.where(rng.random(size.shape) < chance, up, down)": """\
    kept = rng.random(size.shape) < chance
    gradients[np.greater(gradients, 0) != kept] = 0
    return gradients.sum(axis=0)""",
}
