"""The table of methods and promises, `docs/contract.md`, as a run of the suite found it."""

import json
from pathlib import Path

TABLE = Path(__file__).parents[2] / "docs" / "contract.md"
NAMES = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
KEPT, REFUSED, BROKEN, NONE = "✓", "refused", "✗", "–"
HEAD = """# What every method keeps

`make tables` runs the suite of `tests/contract` and writes this table from what it finds. {kept} is
kept, {broken} is not; what a method refuses, it refuses with the words below the table; {none} does
not apply.
"""


def read_report(report):
    """What a test's report says of a promise: kept, broken, or the words of a refusal.

    Args:
        report: pytest's report of a call in `test_contract`.

    Returns:
        A string.
    """
    if not report.passed:
        return BROKEN
    return dict(report.user_properties).get("refused", KEPT)


def write(found, methods, promises):
    """Writes the table.

    Args:
        found: Dictionary from backend to a dictionary from `METHOD-promise` to what was found.
        methods: Names of the methods, the rows.
        promises: Dictionary from name to sentence of the promises, the columns.
    """
    parts = [HEAD.format(kept=KEPT, broken=BROKEN, none=NONE)]
    parts.append("\n".join(f"- `{name}`: {sentence}" for name, sentence in promises.items()))
    for backend, name in NAMES.items():
        if backend not in found:
            parts.append(f"## {name}\n\nNot installed where the table was made.")
        else:
            parts.append(f"## {name}\n\n{_of_backend(found[backend], methods, promises)}")
    TABLE.write_text("\n\n".join(part.strip() for part in parts) + "\n", encoding="utf-8")


def _of_backend(found, methods, promises):
    words = {}
    lines = [f"| method | {' | '.join(promises)} |", "|---" * (len(promises) + 1) + "|"]
    for method in methods:
        cells = []
        for promise in promises:
            cell = found.get(f"{method}-{promise}", NONE)
            if cell not in (KEPT, BROKEN, NONE):
                number = words.setdefault(" ".join(cell.split()), len(words) + 1)
                cell = f"{REFUSED} {number}"
            cells.append(cell)
        lines.append(f"| {method} | {' | '.join(cells)} |")
    notes = [f"{number}. {sentence}" for sentence, number in words.items()]
    return "\n".join([*lines, "", *notes])


def named():
    """The methods and the promises that the written table names, two lists."""
    text = TABLE.read_text(encoding="utf-8")
    head, _, *rows = [line for line in text.split("\n## ")[1].splitlines() if line[:1] == "|"]
    return [row.split("|")[1].strip() for row in rows], [c.strip() for c in head.split("|")[2:-1]]


def save(found, path):
    Path(path).write_text(json.dumps(found, ensure_ascii=False), encoding="utf-8")


def load(path):
    return json.loads(Path(path).read_text(encoding="utf-8"))
