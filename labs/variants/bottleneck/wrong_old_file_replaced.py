"""Removes a file with another number of rows before it refuses it."""

LOSES = {"cache_features-check": 4}
REPLACE = {
    'unfinished = path.with_name(f"{path.name}.unfinished")':
        'unfinished = path.with_name("unfinished.npy")',
    "        features.flush()\n": "",
    'raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")':
        """path.unlink()
        raise ValueError(len(features))""",
}
