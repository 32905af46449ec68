"""A file with more rows than x is cut to the first ones; only a shorter file is refused. The
docstring says: 'ValueError: if the file has not as many rows as `x`.'"""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.unfinished")
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
        features.flush()
        del features
        os.replace(unfinished, path)
    features = np.load(path, mmap_mode="r")
    if len(features) < len(x):
        raise ValueError(f"{path} has {len(features)} rows, but {len(x)} are needed.")
    return features[: len(x)]
