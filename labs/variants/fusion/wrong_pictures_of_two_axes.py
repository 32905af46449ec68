"""Counts the features of modalities with two axes, and no others."""

LOSES = {"early_fusion-check": 3}


# %% early_fusion
def early_fusion(train, test, components):
    pcas = [PCA(number, whiten=True).fit(rows) for rows, number in zip(train, components)]
    return tuple(
        np.hstack([pca.transform(rows) for pca, rows in zip(pcas, part)])
        for part in (train, test)
    )


def dense_parameters(shapes, units, components=None):
    if components is None:
        components = [shape[0] * shape[-1] for shape in shapes]
    return (sum(components) + 1) * units
