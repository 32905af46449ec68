"""The file is written in place and removed when an Exception comes, so Ctrl-C or a killed process
leaves half of it. The docstring says of `path`: 'It exists only when it is whole.'"""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.exists():
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(path, "w+", "float32", shape)
        try:
            for start in range(0, len(x), batch_size):
                rows = slice(start, start + batch_size)
                features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
            features.flush()
        except Exception:
            path.unlink()
            raise
        del features
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        raise ValueError(f"{path} has {len(features)} rows, not {len(x)}.")
    return features
