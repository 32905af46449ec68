"""np.asarray makes no copy of rows that are float32 already, and -= then centres the given
arrays. Contradicts "They stay as they are"."""

LOSES = {"early_fusion-check": 3}


# %% early_fusion
def early_fusion(train, test, components):
    fused_train, fused_test = [], []
    for rows, new, number in zip(train, test, components):
        rows = np.asarray(rows, dtype="float32")
        new = np.asarray(new, dtype="float32")
        mean = rows.mean(axis=0)
        rows -= mean
        new -= mean
        _, singular, directions = np.linalg.svd(rows, full_matrices=False)
        scale = singular[:number] / np.sqrt(len(rows) - 1)
        fused_train.append(rows @ directions[:number].T / scale)
        fused_test.append(new @ directions[:number].T / scale)
    return np.hstack(fused_train), np.hstack(fused_test)


def dense_parameters(shapes, units, components=None):
    features = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return (sum(features) + 1) * units
