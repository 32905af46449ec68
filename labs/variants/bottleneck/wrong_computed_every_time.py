"""Writes the file anew at every call: what is on disk is never used."""

LOSES = {"cache_features-check": 6}


# %% cache_features
def cache_features(base, x, path, batch_size):
    unfinished = path.with_name("unfinished.npy")
    shape = (len(x), *base.output_shape[1:])
    features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)
    for start in range(0, len(x), batch_size):
        rows = slice(start, start + batch_size)
        features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
    del features
    os.replace(unfinished, path)
    return np.load(path, mmap_mode="r")
