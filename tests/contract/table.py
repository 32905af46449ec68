"""The table of methods and promises, `docs/contract.md`, as runs of the suite found it."""

import json
from pathlib import Path

FOUND = Path(__file__).with_name("found.json")
TABLE = Path(__file__).parents[2] / "docs" / "contract.md"
BACKENDS = {"tensorflow": "TensorFlow", "jax": "JAX", "torch": "PyTorch"}
KEPT, BROKEN, NONE = "✓", "✗", "–"
HEAD = f"""# What every method keeps

`make tables` holds every method to these promises, and writes this table from what it finds. {KEPT}
is kept, {BROKEN} is not, {NONE} does not apply; what a method refuses, it refuses in the words
below the table. A method that was not run on a backend has no row there.
"""


def read_report(report):
    """What a test's report says of a promise: kept, broken, or the words of a refusal.

    Args:
        report: pytest's report of a call in `test_contract`.

    Returns:
        Names of method and promise, and a string; or None for other tests.
    """
    said = dict(report.user_properties)
    if report.when != "call" or report.skipped or "promise" not in said:
        return None
    verdict = said.get("refused", KEPT) if report.passed else BROKEN
    return said["method"], said["promise"], " ".join(verdict.split())


def load(path=FOUND):
    """Reads what was found, a dictionary from backend to method to promise."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def save(found, path=FOUND):
    """Writes what was found, a line for each method."""
    backends = []
    for backend, methods in found.items():
        lines = [
            f"{json.dumps(method, ensure_ascii=False)}: {json.dumps(kept, ensure_ascii=False)}"
            for method, kept in methods.items()
        ]
        backends.append(f'"{backend}": {{\n' + ",\n".join(lines) + "\n}")
    Path(path).write_text("{\n" + ",\n".join(backends) + "\n}\n", encoding="utf-8")


def joined(before, found, asked):
    """What was found before and now, of the methods and promises that there are.

    Args:
        before: What was found in an earlier run.
        found: What was found in this one, which counts where both did.
        asked: Dictionary from method to the promises that apply.

    Returns:
        A dictionary like both.
    """
    return {
        backend: {
            method: {
                promise: kept[promise]
                for kept in [
                    before.get(backend, {}).get(method, {}) | found.get(backend, {}).get(method, {})
                ]
                for promise in promises
                if promise in kept
            }
            for method, promises in asked.items()
        }
        for backend in BACKENDS
        if backend in before or backend in found
    }


def text_of(found, promises):
    """The table as Markdown.

    Args:
        found: As of `load`.
        promises: Dictionary from name to sentence of the promises, the columns.

    Returns:
        A string.
    """
    parts = [HEAD, "\n".join(f"- `{name}`: {sentence}" for name, sentence in promises.items())]
    for backend, name in BACKENDS.items():
        if backend in found:
            parts.append(f"## {name}\n\n{_of_backend(found[backend], promises)}")
        else:
            parts.append(f"## {name}\n\nNot run where the table was made.")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _of_backend(found, promises):
    words = {}
    lines = [f"| method | {' | '.join(promises)} |", "|---" * (len(promises) + 1) + "|"]
    for method, kept in found.items():
        if not kept:
            continue
        cells = [kept.get(promise, NONE) for promise in promises]
        for place, cell in enumerate(cells):
            if cell not in (KEPT, BROKEN, NONE):
                cells[place] = f"refused ({words.setdefault(cell, len(words) + 1)})"
        lines.append(f"| {method} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *(f"{number}. {cell}" for cell, number in words.items())])
