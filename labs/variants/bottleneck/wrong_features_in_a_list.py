"""All batches of features are collected in a list and saved in the end. The docstring says: 'never
more than a batch of features is in memory'."""

LOSES = {"cache_features-check": 4}


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.exists():
        batches = []
        for start in range(0, len(x), batch_size):
            batch = base(x[start : start + batch_size], training=False)
            batches.append(ops.convert_to_numpy(batch).astype("float32"))
        unfinished = path.with_name(f"{path.name}.unfinished")
        with open(unfinished, "wb") as file:
            np.save(file, np.concatenate(batches))
        os.replace(unfinished, path)
    features = np.load(path, mmap_mode="r")
    if len(features) != len(x):
        raise ValueError(f"{path} has {len(features)} rows, not {len(x)}.")
    return features
