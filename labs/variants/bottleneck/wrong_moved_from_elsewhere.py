"""Writes in the system's folder for temporary files: from another disk, moving is copying, which
can be interrupted."""

LOSES = {"cache_features-check": 4}
REPLACE = {
    "    if not path.exists():": """\
    import shutil

    if not path.exists():""",
    'unfinished = path.with_name(f"{path.name}.unfinished")':
        "unfinished = Path(tempfile.mkdtemp(), path.name)",
    "os.replace(unfinished, path)": "shutil.move(unfinished, path)",
    'raise ValueError(f"{path} has {len(features)} rows, but x has {len(x)}: remove the file.")':
        "raise ValueError(len(features))",
}
