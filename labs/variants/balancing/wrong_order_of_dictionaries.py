"""Takes measures by their place in the dictionaries."""

LOSES = {"relative_gain-check": 5}
REPLACE = {
    "for task, alone in single.items():": "for task, alone in zip(several, single.values()):",
}
