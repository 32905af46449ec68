"""Takes the mean over the tasks that happen to be in common."""

LOSES = {"relative_gain-check": 5}
REPLACE = {
    """\
    if not several.keys() == single.keys() == lower_is_better.keys():
        raise ValueError(f"Tasks differ: {[*several]}, {[*single]} and {[*lower_is_better]}.")""":
        """\
    common = several.keys() & single.keys() & lower_is_better.keys()
    single = {task: single[task] for task in common}""",
}
