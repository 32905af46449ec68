"""Ignores `batch_size`: each row is a batch of its own."""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.exists():
        unfinished = path.with_name("unfinished.npy")
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)
        for row in range(len(x)):
            features[row] = ops.convert_to_numpy(base(x[row : row + 1], training=False))[0]
        del features
        os.replace(unfinished, path)
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        raise ValueError(len(features))
    return features
