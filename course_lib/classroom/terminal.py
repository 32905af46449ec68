"""What the commands share: the terminal, progress bars, and the course that they work on."""

import logging

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

console = Console()


def open_course(context):
    """The `Course` that a command works on, with a log file for what goes wrong in the background.

    Args:
        context: The command's `typer.Context`, whose object is a folder in the course.

    Returns:
        A `Course`.
    """
    from course_lib.classroom.course import Course

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
