"""Removes a file with another number of rows before it refuses it."""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.exists():
        unfinished = path.with_name("unfinished.npy")
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
        del features
        os.replace(unfinished, path)
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        path.unlink()
        raise ValueError(len(features))
    return features
