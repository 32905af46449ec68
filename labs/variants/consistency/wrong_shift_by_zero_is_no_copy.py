"""Returns the given array itself where the reach is 0."""

LOSES = {"shift_pictures-check": 3}
REPLACE = {
    "    rows, height, width, _ = pictures.shape": """\
    if reach == 0:
        return pictures
    rows, height, width, _ = pictures.shape""",
}
