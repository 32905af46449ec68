"""Copies the finished file to the path, where half of it lies when the copy is interrupted, and
leaves the other one beside it."""

LOSES = {"cache_features-check": 4}
REPLACE = {
    "    if not path.exists():": """\
    import shutil

    if not path.exists():""",
    "os.replace(unfinished, path)": "shutil.copy(unfinished, path)",
    'raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")':
        "raise ValueError(len(features))",
}
