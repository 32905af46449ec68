"""Multiplies the features of modalities, as if the layer saw every pair."""

LOSES = {"early_fusion-check": 5}


# %% early_fusion
def early_fusion(train, test, components):
    pcas = [PCA(number, whiten=True).fit(rows) for rows, number in zip(train, components)]
    return tuple(
        np.hstack([pca.transform(rows) for pca, rows in zip(pcas, part)])
        for part in (train, test)
    )


def dense_parameters(shapes, units, components=None):
    features = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return (int(np.prod(features)) + 1) * units
