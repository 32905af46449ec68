"""Takes the mean of the test rows from the test rows."""

LOSES = {"early_fusion-check": 5}
REPLACE = {
    "fused_test.append(pca.transform(new))":
        "fused_test.append(pca.transform(new - new.mean(axis=0) + rows.mean(axis=0)))",
}
