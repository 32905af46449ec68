"""Turns each component by the sign of its sum, of training and of test rows apart."""

LOSES = {"early_fusion-check": 3}


# %% early_fusion
def early_fusion(train, test, components):
    pcas = [PCA(number, whiten=True).fit(rows) for rows, number in zip(train, components)]
    fused = []
    for part in (train, test):
        reduced = np.hstack([pca.transform(rows) for pca, rows in zip(pcas, part)])
        fused.append(reduced * np.sign(reduced[0]))
    return tuple(fused)


def dense_parameters(shapes, units, components=None):
    features = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return (sum(features) + 1) * units
