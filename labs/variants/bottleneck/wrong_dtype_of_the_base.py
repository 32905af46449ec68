"""The file has the dtype of the base's output, which is float16 in mixed precision. The docstring
says: 'features of `x`, `(rows, ...)` float32'."""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.exists():
        unfinished = path.with_name(f"{path.name}.unfinished")
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(unfinished, "w+", base.output.dtype, shape)
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
        features.flush()
        del features
        os.replace(unfinished, path)
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        raise ValueError(f"{path} has {len(features)} rows, not {len(x)}.")
    return features
