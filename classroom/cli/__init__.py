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
COMMANDS = "lectures student data record labs collecting grading build serve"
for module in COMMANDS.split():
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
    # Processes that it starts in a student's folder import nothing from there.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        app()
    except _mendable() as error:
        console.print(f"[red]{show(error)}[/red]")
        sys.exit(1)


def _mendable():
    """What users can mend: errors in what they said, and in data where a command reads any."""
    files = sys.modules.get("course_lib.datasets.files")
    return (ValueError, files.DataError) if files else ValueError
