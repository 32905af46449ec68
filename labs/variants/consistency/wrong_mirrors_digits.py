"""Mirrors half of the pictures, too, as one would photographs."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])": """\
    mirrored = (rng.random(rows) < 0.5)[:, None, None, None]
    pictures = np.where(mirrored, pictures[:, :, ::-1], pictures)
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])""",
}
