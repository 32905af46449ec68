"""What an interrupted run has written is kept and its rows are skipped, even if that run had other
inputs. The docstring says: 'Else every row passes the base once' and it returns 'features of
`x`'."""

LOSES = {"cache_features-check": 4}
REPLACE = {
    """\
        shape = (len(x), *base.output_shape[1:])
        features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)""": """\
        if unfinished.exists():
            features = np.lib.format.open_memmap(unfinished, "r+")
        else:
            shape = (len(x), *base.output_shape[1:])
            features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)""",
    "            features[rows] = ops.convert_to_numpy(base(x[rows], training=False))": """\
            if not features[rows].any():  # not done yet
                features[rows] = ops.convert_to_numpy(base(x[rows], training=False))""",
    'raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")':
        'raise ValueError(f"{path} has {len(features)} rows, not {len(x)}.")',
}
