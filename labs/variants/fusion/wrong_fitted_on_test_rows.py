"""Looks for directions and deviations in training and test rows together."""

LOSES = {"early_fusion-check": 5}


# %% early_fusion
def early_fusion(train, test, components):
    fused = []
    for rows, new, number in zip(train, test, components):
        fused.append(PCA(number, whiten=True).fit_transform(np.vstack([rows, new])))
    fused = np.hstack(fused)
    return fused[: len(train[0])], fused[len(train[0]) :]


def dense_parameters(shapes, units, components=None):
    features = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return (sum(features) + 1) * units
