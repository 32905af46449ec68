"""Measures every published figure and writes one table, `benchmarks/README.md`."""

import importlib
import os
import platform
from importlib.metadata import version
from pathlib import Path

from rich.console import Console

from course_lib.classroom.course import Course

FIGURES = ("method_one", "transfer", "grading", "lectures")
PAGE = Path(__file__).with_name("README.md")
HEAD = """# Measured figures

`make bench` measures them all in one run and writes this page. Ratios compare two ways in the same
run on the same machine; times are medians, with the smallest and the largest behind them.

"""


def main():
    console = Console()
    course = Course.find(Path(__file__))
    rows, notes = [], []
    for name in FIGURES:
        with console.status(f"measuring {name} …"):
            new_rows, new_notes = importlib.import_module(f"benchmarks.{name}").measure(course)
        rows, notes = rows + new_rows, notes + new_notes
        for row in new_rows:
            console.print(" · ".join(row))
    table = ["| what | measured | target |", "|---|---|---|"]
    table += [f"| {' | '.join(row)} |" for row in rows]
    machine = (
        f"Measured on {os.cpu_count()} cores ({platform.machine()}), "
        f"Python {platform.python_version()}, "
        f"TensorFlow {version('tensorflow')}, Keras {version('keras')}."
    )
    page = "\n\n".join(["\n".join(table), machine, *notes])
    PAGE.write_text(f"{HEAD}{page}\n", encoding="utf-8")
    console.print(f"Table: {PAGE}", soft_wrap=True)


if __name__ == "__main__":
    main()
