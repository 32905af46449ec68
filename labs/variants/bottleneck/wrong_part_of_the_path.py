"""Is content with a pattern that matches a part of a path, where Keras wants the whole."""

LOSES = {"layer_rates-check": 2}
REPLACE = {
    "    paths = [variable.path for variable in model.trainable_variables]\n": "",
    "if not any(re.fullmatch(pattern, path) for path in paths):":
        "if not any(re.search(pattern, v.path) for v in model.trainable_variables):",
    'raise ValueError(f"{pattern!r} matches no trainable variable. There are {paths}.")':
        "raise ValueError(pattern)",
}
