"""The rows are split into len(x) // batch_size equal parts, which are larger than a batch where
that leaves a rest. The docstring says: 'Number of rows in a batch; only the last one may have
fewer.'"""

LOSES = {"cache_features-check": 4}
REPLACE = {
    """\
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)""": """\
        parts = max(1, len(x) // batch_size)
        for rows in np.array_split(np.arange(len(x)), parts):""",
    'raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")':
        'raise ValueError(f"{path} has {len(features)} rows, not {len(x)}.")',
}
