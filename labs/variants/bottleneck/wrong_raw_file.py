"""Writes the numbers without a header: no .npy file, and others read it wrongly."""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    shape = (len(x), *base.output_shape[1:])
    if not path.exists():
        unfinished = path.with_name("unfinished")
        features = np.memmap(unfinished, "float32", "w+", shape=shape)
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
        del features
        os.replace(unfinished, path)
    if path.stat().st_size != 4 * np.prod(shape):
        raise ValueError(path.stat().st_size)
    return np.memmap(path, "float32", "r", shape=shape)
