"""Appends `$` to a pattern: of a|b only b has to match to the end."""

LOSES = {"layer_rates-check": 2}
REPLACE = {
    "if not any(re.fullmatch(pattern, path) for path in paths):":
        'if not any(re.match(pattern + "$", path) for path in paths):',
    'raise ValueError(f"{pattern!r} matches no trainable variable. There are {paths}.")':
        "raise ValueError(pattern)",
}
