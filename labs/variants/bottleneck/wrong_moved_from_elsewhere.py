"""Writes in the system's folder for temporary files: from another disk, moving is copying, which
can be interrupted."""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    import shutil

    if not path.exists():
        unfinished = Path(tempfile.mkdtemp(), path.name)
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            features[rows] = ops.convert_to_numpy(base(x[rows], training=False))
        features.flush()
        del features
        shutil.move(unfinished, path)
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        raise ValueError(len(features))
    return features
