"""np.asarray makes no copy of rows that are float32 already, and -= then centres the given
arrays. Contradicts "They stay as they are"."""

LOSES = {"early_fusion-check": 3}
REPLACE = {
    """\
        pca = PCA(number, whiten=True).fit(rows)
        fused_train.append(pca.transform(rows))
        fused_test.append(pca.transform(new))""": """\
        rows = np.asarray(rows, dtype="float32")
        new = np.asarray(new, dtype="float32")
        mean = rows.mean(axis=0)
        rows -= mean
        new -= mean
        _, singular, directions = np.linalg.svd(rows, full_matrices=False)
        scale = singular[:number] / np.sqrt(len(rows) - 1)
        fused_train.append(rows @ directions[:number].T / scale)
        fused_test.append(new @ directions[:number].T / scale)""",
}
