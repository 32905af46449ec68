"""Standardises every feature, so that those which hardly change count as much."""

LOSES = {"early_fusion-check": 5}


# %% early_fusion
def early_fusion(train, test, components):
    fused_train, fused_test = [], []
    for rows, new, number in zip(train, test, components):
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        pca = PCA(number, whiten=True).fit((rows - mean) / deviation)
        fused_train.append(pca.transform((rows - mean) / deviation))
        fused_test.append(pca.transform((new - mean) / deviation))
    return np.hstack(fused_train), np.hstack(fused_test)


def dense_parameters(shapes, units, components=None):
    features = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return (sum(features) + 1) * units
