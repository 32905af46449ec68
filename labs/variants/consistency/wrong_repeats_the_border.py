"""Repeats what is at the border in place of zeros."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])":
        'padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)], mode="edge")',
}
