"""Takes any file that lies at the path, whatever it belongs to."""

LOSES = {"cache_features-check": 4}
REPLACE = {
    'unfinished = path.with_name(f"{path.name}.unfinished")':
        'unfinished = path.with_name("unfinished.npy")',
    "        features.flush()\n": "",
    """\
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")
    return features""": '    return np.load(path, mmap_mode="r")',
}
