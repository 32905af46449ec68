"""Writes to the path itself: a run that stops halfway leaves a file full of zeros."""

LOSES = {"cache_features-check": 4}
REPLACE = {
    '        unfinished = path.with_name(f"{path.name}.unfinished")\n': "",
    'features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)':
        'features = np.lib.format.open_memmap(path, "w+", "float32", shape)',
    "        features.flush()\n": "",
    "        os.replace(unfinished, path)\n": "",
    'raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")':
        "raise ValueError(len(features))",
}
