"""Returns float32 from 0 to 1, whatever came in."""

LOSES = {"shift_pictures-check": 5}
REPLACE = {
    "return padded[np.arange(rows)[:, None, None], lines, columns]":
        'return padded[np.arange(rows)[:, None, None], lines, columns].astype("float32") / 255',
}
