"""Making a new lab: one that verifies, to be changed bit by bit."""

import re
from pathlib import Path

TEMPLATE = Path(__file__).with_name("template")


def new_lab(course, topic):
    """Makes a lab with one task, a hidden check, a written question and three variants.

    Args:
        course: A `Course`.
        topic: Name of the lab.

    Returns:
        Paths of the notebook, of the checks, and of the folder of the variants.

    Raises:
        ValueError: if the name cannot be a lab's, or there is something of that name already.
    """
    if not re.fullmatch("[a-z][a-z0-9_]*", topic):
        raise ValueError(
            f"A lab cannot be called {topic!r}: expected small letters, digits and underscores "
            "after a small letter, such as `multitask`."
        )
    source, variants = (course.labs / room / topic for room in ("source", "variants"))
    made = source / f"{topic}.ipynb", course.checks(topic), variants
    for path in (source, *made[1:]):
        if path.exists():
            raise ValueError(f"{path} exists already. Choose another name, or move it away.")
    targets = {"notebook.ipynb": made[0], "checks.py.txt": made[1]}
    for template in sorted(TEMPLATE.iterdir()):
        path = targets.get(template.name, variants / template.stem)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = template.read_text(encoding="utf-8").replace("TOPIC", topic)
        path.write_text(text, encoding="utf-8")
    return made
