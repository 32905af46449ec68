"""The rows are split into len(x) // batch_size equal parts, which are larger than a batch where
that leaves a rest. The docstring says: 'Number of rows in a batch; only the last one may have
fewer.'"""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.unfinished")
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)
        parts = max(1, len(x) // batch_size)
        for rows in np.array_split(np.arange(len(x)), parts):
            features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
        features.flush()
        del features
        os.replace(unfinished, path)
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        raise ValueError(f"{path} has {len(features)} rows, not {len(x)}.")
    return features
