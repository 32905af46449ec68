"""A modality that keeps as many components as it has features is only standardised, not turned.
Contradicts "modality after modality its components, from the one of the largest variance on"."""

LOSES = {"early_fusion-check": 3}
REPLACE = {
    "        pca = PCA(number, whiten=True).fit(rows)": """\
        if number == rows.shape[1]:
            # Nothing to reduce here.
            mean, deviation = rows.mean(axis=0), rows.std(axis=0)
            fused_train.append((rows - mean) / deviation)
            fused_test.append((new - mean) / deviation)
            continue
        pca = PCA(number, whiten=True).fit(rows)""",
    "return np.hstack(fused_train), np.hstack(fused_test)":
        "return np.concatenate(fused_train, axis=1), np.concatenate(fused_test, axis=1)",
}
