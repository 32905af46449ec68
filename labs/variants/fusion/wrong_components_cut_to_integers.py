"""The result has the dtype of the first modality, so for pixels stored as integers all
components are cut to integers. Contradicts "whitened so that each has a variance of 1 over the
training rows"."""

LOSES = {"early_fusion-check": 3}


# %% early_fusion
def early_fusion(train, test, components):
    fused_train = np.empty((len(train[0]), sum(components)), dtype=train[0].dtype)
    fused_test = np.empty((len(test[0]), sum(components)), dtype=test[0].dtype)
    start = 0
    for rows, new, number in zip(train, test, components):
        pca = PCA(n_components=number, whiten=True)
        fused_train[:, start : start + number] = pca.fit_transform(rows)
        fused_test[:, start : start + number] = pca.transform(new)
        start += number
    return fused_train, fused_test


def dense_parameters(shapes, units, components=None):
    features = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return (sum(features) + 1) * units
