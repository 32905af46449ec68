"""The command `course serve`."""

import asyncio
from contextlib import suppress
from typing import Annotated

import typer

from classroom.cli.terminal import console, open_course

app = typer.Typer()


@app.command()
def serve(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="The port; a free one if not given.")
    ] = 0,
):
    """Show reports, feedback and written answers to be graded in the browser, on this machine."""
    from classroom.serve.server import serve

    def say(address):
        console.print(f"Open {address}", soft_wrap=True, highlight=False)
        console.print("Only this machine can, and only with this address. Ctrl-C ends it.")

    with suppress(KeyboardInterrupt):
        asyncio.run(serve(open_course(context), port, say))
