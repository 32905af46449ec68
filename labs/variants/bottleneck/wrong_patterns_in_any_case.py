"""Looks for patterns in capital and small letters alike, so STEM/.* gets no error and no rate."""

LOSES = {"layer_rates-check": 2}
REPLACE = {
    "if not any(re.fullmatch(pattern, path) for path in paths):":
        "if not any(re.fullmatch(pattern, path, re.IGNORECASE) for path in paths):",
    'raise ValueError(f"{pattern!r} matches no trainable variable. There are {paths}.")':
        "raise ValueError(pattern)",
}
