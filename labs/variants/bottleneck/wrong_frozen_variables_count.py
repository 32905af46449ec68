"""Counts variables that are never trained among those that a pattern may match."""

LOSES = {"layer_rates-check": 2}
REPLACE = {
    "    paths = [variable.path for variable in model.trainable_variables]\n": "",
    "if not any(re.fullmatch(pattern, path) for path in paths):":
        "if not any(re.fullmatch(pattern, v.path) for v in model.variables):",
    'raise ValueError(f"{pattern!r} matches no trainable variable. There are {paths}.")':
        "raise ValueError(pattern)",
}
