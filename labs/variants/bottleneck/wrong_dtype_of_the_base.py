"""The file has the dtype of the base's output, which is float16 in mixed precision. The docstring
says: 'features of `x`, `(rows, ...)` float32'."""

LOSES = {"cache_features-check": 4}
REPLACE = {
    'features = np.lib.format.open_memmap(unfinished, "w+", "float32", shape)':
        'features = np.lib.format.open_memmap(unfinished, "w+", base.output.dtype, shape)',
    'raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")':
        'raise ValueError(f"{path} has {len(features)} rows, not {len(x)}.")',
}
