"""The command `course record`: a lecture's experiments at full size."""

import os
from typing import Annotated

import typer

from classroom.cli.terminal import console, open_course, progress

app = typer.Typer()


@app.command()
def record(
    context: typer.Context,
    lecture: Annotated[str, typer.Argument(help="Part of the lecture's name.")],
    tune: Annotated[bool, typer.Option(help="Run the trainings that choose settings.")] = False,
    seeds: Annotated[
        int | None, typer.Option(min=1, help="Seeds; the lecture's own number if none.")
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Trainings at once.")] = 1,
    resume: Annotated[bool, typer.Option(help="Go on with a record that is begun.")] = False,
):
    """Run a lecture's experiments at full size; append a row for each to its record."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from classroom.lectures import recording

    found = recording.find(open_course(context), lecture)
    trials = found.trials(seeds, tune)
    missing = found.missing(trials)
    if len(missing) < len(trials) and not resume:
        raise ValueError(
            f"{found.path} holds {len(trials) - len(missing)} of these {len(trials)} trainings "
            "already. Go on with --resume, or delete the file to start anew."
        )
    with progress() as bars:
        bar = bars.add_task(found.lecture, total=len(trials), completed=len(trials) - len(missing))
        for _ in recording.run(found, missing, jobs):
            bars.advance(bar)
    console.print(f"Record: {found.path}", soft_wrap=True)
