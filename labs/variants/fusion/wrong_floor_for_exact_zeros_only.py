"""Replaces zeros alone by the floor, so that 1e-9 is less than 0 with a floor of 1e-3.
Contradicts "Probabilities below it count as it"."""

LOSES = {"decision_fusion-check": 3}
REPLACE = {
    "    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)": """\
    probabilities = np.where(probabilities == 0, floor, probabilities)
    total = np.log(probabilities).sum(axis=0)""",
}
