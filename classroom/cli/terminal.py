"""What the commands share: the terminal, progress bars, and the course that they work on."""

import logging
import os
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console()
CORES = os.cpu_count() or 1
LONGEST = 5000  # characters of a text

Lab = Annotated[str, typer.Argument(help="Name of the lab.")]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, help="Notebooks that run at the same time.")
]


def open_course(context):
    """The `Course` that a command works on, with a log file for what goes wrong in the background.

    Args:
        context: The command's `typer.Context`, whose object is a folder in the course.

    Returns:
        A `Course`.
    """
    from classroom.course import Course

    course = Course.find(context.obj)
    handler = logging.FileHandler(course.labs / "grading.log", delay=True)
    logging.basicConfig(handlers=[handler], format="%(asctime)s %(levelname)s %(message)s")
    logging.captureWarnings(True)
    return course


def progress():
    """A progress bar with counts, time spent and time left, for a `with` statement."""
    columns = [
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    ]
    return Progress(*columns, TextColumn("left:"), TimeRemainingColumn(), console=console)


def mark(good):
    """A green tick, or a red cross."""
    return "[green]✓[/green]" if good else "[red]✗[/red]"


def show(text):
    """Makes a text inert for the terminal: students chose names, and made notebooks say things."""
    from classroom.cleaning import clean_text

    return escape(clean_text(str(text), LONGEST))


def can_seal():
    """Whether the project's own answers run sealed off; strangers' code asks for --unsealed."""
    from classroom import sandbox

    missing = sandbox.missing()
    if missing:
        console.print(f"[yellow]Runs without a seal; `course doctor` says why: {missing}[/yellow]")
    return not missing
