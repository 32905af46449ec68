"""Measures published figures and writes them to `benchmarks/README.md`, a section each."""

import importlib
import os
import platform
import re
import sys
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from classroom.course import Course

FIGURES = (
    "method_one",
    "transfer",
    "consistency",
    "fusion",
    "multitask",
    "grading",
    "attacks",
    "lectures",
)
PAGE = Path(__file__).with_name("README.md")
HEAD = """# Measured figures

`make bench` measures them all and writes this page; `python -m benchmarks NAME` measures one
section anew. Ratios compare two ways in the same run on the same machine; times are medians, with
the smallest and the largest behind them.
"""


def main():
    console = Console()
    course = Course.find(Path(__file__))
    for name in sys.argv[1:] or FIGURES:
        with console.status(f"measuring {name} …"):
            rows, notes = importlib.import_module(f"benchmarks.{name}").measure(course)
        for row in rows:
            console.print(" · ".join(row))
        replace(name, section(rows, notes))
    console.print(f"Table: {PAGE}", soft_wrap=True)


def section(rows, notes):
    """A table of measured figures, the machine, and notes, as Markdown."""
    table = ["| what | measured | target |", "|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    machine = (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, "
        f"TensorFlow {version('tensorflow')}, Keras {version('keras')}."
    )
    return "\n\n".join(["\n".join(table), machine, *notes])


def replace(name, text):
    """Puts a section in its place on the page; the others stay."""
    found = re.split(r"^## (\w+)\n\n", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    sections = dict(zip(found[1::2], map(str.strip, found[2::2]))) | {name: text}
    parts = [f"## {figure}\n\n{sections[figure]}\n" for figure in FIGURES if figure in sections]
    PAGE.write_text("\n".join([HEAD, *parts]), encoding="utf-8")


if __name__ == "__main__":
    main()
