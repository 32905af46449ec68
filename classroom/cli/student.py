"""What a student calls beside lectures: `course doctor`, `course check`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from classroom.cli.terminal import console, mark, show

app = typer.Typer()


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
def check(notebook: Annotated[Path, typer.Argument(help="Your lab notebook.")]):
    """Run a lab notebook and say which tests pass: instant feedback for students."""
    console.print(f"Running {show(notebook.name)} from top to bottom …")
    with console.status("It takes some seconds."):
        from classroom.labs.self_check import check_notebook

        results = check_notebook(notebook)
    table = Table("", "test", "points", "what to fix")
    for result in results:
        sign = "" if result.passed is None else mark(result.passed)
        note = "\nThe cell was edited; it is graded as it was given out." if result.edited else ""
        points = f"{result.points:g}" if result.points else ""
        table.add_row(sign, show(result.cell), points, show(result.message) + note)
    console.print(table)
    tested = [result for result in results if result.passed is not None]
    passed = sum(result.passed for result in tested)
    console.print(
        f"{passed} of {len(tested)} visible tests pass. Points are given when you hand in, on "
        "these inputs and on others."
    )
    raise typer.Exit(int(passed < len(tested)))
