"""Standardises every feature, so that those which hardly change count as much."""

LOSES = {"early_fusion-check": 5}
REPLACE = {
    """\
        pca = PCA(number, whiten=True).fit(rows)
        fused_train.append(pca.transform(rows))
        fused_test.append(pca.transform(new))""": """\
        mean, deviation = rows.mean(axis=0), rows.std(axis=0)
        pca = PCA(number, whiten=True).fit((rows - mean) / deviation)
        fused_train.append(pca.transform((rows - mean) / deviation))
        fused_test.append(pca.transform((new - mean) / deviation))""",
}
