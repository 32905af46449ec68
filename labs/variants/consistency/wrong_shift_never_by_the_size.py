"""Cuts the reach, so that something is left of every picture. Contradicts "All whole numbers from
-reach to reach can be drawn"."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])": """\
    reach = min(reach, height - 1, width - 1)
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])""",
}
