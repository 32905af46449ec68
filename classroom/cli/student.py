"""What a student calls beside lectures: `course doctor`, `course check`."""

import os
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Column, Table

from classroom.cli.terminal import console, mark, show

app = typer.Typer()
# Seconds from which on a time has its date; width of the names of tasks.
LONG_AGO, NAMES = 43_200, 22
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60), ("second", 1))


@app.command()
def doctor():
    """Report what this machine has and what it lacks."""
    from classroom.doctor import examine

    wanting = False
    for found in examine():
        sign = mark(found.there) if found.there or found.needed else "[yellow]–[/yellow]"
        console.print(f"{sign} {found.what:22} {escape(found.detail)}", soft_wrap=True)
        wanting |= found.needed and not found.there
    raise typer.Exit(int(wanting))


@app.command()
def check(
    context: typer.Context,
    notebook: Annotated[
        str | None, typer.Argument(help="Your lab notebook, or the name of a lab.")
    ] = None,
    stop: Annotated[
        bool,
        typer.Option("--stop", help="End the process that waits ten minutes for the next check."),
    ] = False,
):
    """Run a lab notebook and say which tests pass: instant feedback for students."""
    from classroom.catalogue.own_notebooks import find_notebook
    from classroom.kernels import lasting_server

    if os.environ.get("NBGRADER_EXECUTION"):
        console.print(
            "`course check` was called by a cell of the notebook that is being run: nothing was "
            "done. Delete the cell, and call it in a terminal."
        )
        return
    if stop:
        console.print("Ended." if lasting_server.retire() else "Nothing waits for a check.")
        return
    if notebook is None:
        raise ValueError("Name your notebook: `course check LAB.ipynb`.")
    path = find_notebook(notebook, _find_course(context.obj))
    console.print(
        f"{show(path.name)} as it was saved at {_describe_time(path.stat().st_mtime)}. Save it to "
        "have later changes checked.",
        highlight=False,
    )
    course = _find_course(path.parent, context.obj, holding=path)
    # A warm server imports what the lab needs while this process imports what checks it.
    with lasting_server.sharing() if course else nullcontext():
        all_pass = _check(path, course)
    raise typer.Exit(int(not all_pass))


def _find_course(*places, holding=None):
    """Finds the course that a place is in, or that is installed; one whose lab a notebook is."""
    import classroom
    from classroom.catalogue.own_notebooks import find_original
    from classroom.course import Course

    for place in (*places, Path(classroom.__file__).parent):
        try:
            course = Course.find(place)
        except ValueError:
            continue
        if holding is None or find_original(holding, course):
            return course
    return None


def _describe_time(saved):
    """Says when a notebook was saved: people forget to."""
    passed = max(0, time.time() - saved)
    unit, seconds = next((unit for unit in UNITS if passed >= unit[1]), UNITS[-1])
    ago = int(passed // seconds)
    form = "%H:%M:%S" if passed < LONG_AGO else "%H:%M on %Y-%m-%d"
    return (
        f"{time.strftime(form, time.localtime(saved))}, {ago} {unit}{'' if ago == 1 else 's'} ago"
    )


def _check(path, course):
    """Checks a notebook and shows results as they come; returns whether all visible tests pass."""
    from classroom.labs import lab_notebook, self_check

    lab = lab_notebook.read_lab(path, course)
    for note in lab.notes:
        console.print(f"[yellow]{show(note)}[/yellow]")
    with console.status("Running your notebook …") as status:
        results, others = self_check.check(
            lab, _show_result, lambda cell: status.update(f"Running {show(cell)} …")
        )
    for sentence in others:
        console.print(f"[yellow]{show(sentence)}[/yellow]")
    tested = [result for result in results if result.passed is not None]
    passed = sum(result.passed for result in tested)
    console.print(
        f"{passed} of {len(tested)} visible tests pass. Points are given when you hand in, on "
        "these inputs and on others."
    )
    return passed == len(tested)


def _show_result(result):
    """Prints what a test said; hidden checks say nothing yet."""
    from classroom.labs.self_check import HIDDEN

    if result.message == HIDDEN:
        return
    sign = "–" if result.passed is None else mark(result.passed)
    line = Table.grid(Column(width=1), Column(min_width=NAMES), Column(), padding=(0, 2, 0, 0))
    line.add_row(sign, show(result.cell.removesuffix("-tests")), show(result.message))
    console.print(line)
