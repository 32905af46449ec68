"""Takes the mean of the test rows from the test rows."""

LOSES = {"early_fusion-check": 5}


# %% early_fusion
def early_fusion(train, test, components):
    fused_train, fused_test = [], []
    for rows, new, number in zip(train, test, components):
        pca = PCA(number, whiten=True).fit(rows)
        fused_train.append(pca.transform(rows))
        fused_test.append(pca.transform(new - new.mean(axis=0) + rows.mean(axis=0)))
    return np.hstack(fused_train), np.hstack(fused_test)


def dense_parameters(shapes, units, components=None):
    features = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return (sum(features) + 1) * units
