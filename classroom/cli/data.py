"""The commands for real data: `course data …`."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from classroom.cli.terminal import console, mark

app = typer.Typer(no_args_is_help=True, help="Real data: list, fetch, verify.")

Names = Annotated[list[str] | None, typer.Argument(help="Data sets; all of them if none.")]


@app.command("list")
def data_list():
    """List the real data sets, and where their files are."""
    from course_lib.datasets import files

    table = Table("data set", "files", "here", "where")
    for name in files.folders():
        paths = [files.find(file) for file in files.files_of(name)]
        places = sorted({str(path.parent) for path in paths if path})
        table.add_row(name, str(len(paths)), str(sum(map(bool, paths))), "\n".join(places))
    console.print(table)


@app.command("fetch")
def data_fetch(
    names: Names = None,
):
    """Download real data into the user's cache, unless they are here already, and verify them."""
    from course_lib.datasets import files

    for file in [file for name in names or files.folders() for file in files.files_of(name)]:
        console.print(f"{mark(True)} {escape(str(files.fetch(file)))}", soft_wrap=True)


@app.command("verify")
def data_verify(
    names: Names = None,
):
    """Compare the files that are here with the registry's checksums."""
    from course_lib.datasets import files

    damaged = False
    for file in [file for name in names or files.folders() for file in files.files_of(name)]:
        try:
            console.print(
                f"{mark(True)} {file}"
                if files.verify(file)
                else f"[yellow]–[/yellow] {file} is not here"
            )
        except files.DataError as error:
            console.print(f"{mark(False)} {escape(str(error))}", soft_wrap=True)
            damaged = True
    raise typer.Exit(int(damaged))
