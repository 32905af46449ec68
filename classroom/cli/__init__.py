"""The `course` command: a thin skin over the rooms of `classroom` and over `course_lib.datasets`.

Each module holds the commands of one `app`.
"""

import importlib
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from classroom.cli.terminal import console, show

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Lectures, labs and grading.")
GROUPS = {"lectures": "lectures", "data": "data", "labs": "labs"}
for module in ("lectures", "student", "data", "record", "labs", "grading", "build", "serve"):
    # The bundle for students lacks the last five.
    if find_spec(f"{__name__}.{module}"):
        commands = importlib.import_module(f"{__name__}.{module}")
        app.add_typer(commands.app, name=GROUPS.get(module))


@app.callback()
def main(
    context: typer.Context,
    course: Annotated[
        Path, typer.Option(envvar="COURSE_ROOT", help="The course, or a folder in it.")
    ] = Path(),
):
    context.obj = course


def run():
    """Runs the command; what users can mend is said in plain words, without a traceback."""
    from course_lib.datasets.files import DataError

    # Processes that it starts in a student's folder import nothing from there.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        app()
    except (ValueError, DataError) as error:
        console.print(f"[red]{show(error)}[/red]")
        sys.exit(1)
