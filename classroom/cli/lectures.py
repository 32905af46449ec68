"""The commands for lectures: `course lectures …`."""

import os
import subprocess
import sys
from concurrent.futures import as_completed
from contextlib import closing
from enum import Enum
from functools import partial
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from classroom.cli.terminal import CORES, Jobs, console, mark, open_course, progress

app = typer.Typer(no_args_is_help=True, help="Lectures: list, run, live, tutor.")

Names = Annotated[
    list[str] | None, typer.Argument(help="Parts of lectures' names; all lectures if none.")
]
Seed = Annotated[int, typer.Option(help="Seed that lectures start from.")]
SLOWEST = 3


class Profile(str, Enum):
    """The size of a lecture's trainings."""

    FAST = "fast"
    FULL = "full"


class Source(str, Enum):
    """Where a lecture's data come from."""

    SYNTHETIC = "synthetic"
    REAL = "real"


@app.command("list")
def lectures_list(context: typer.Context):
    """List the lectures in their order."""
    from classroom.catalogue.lectures import list_lectures

    table = Table("lecture", "title", "minutes", "builds on")
    for lecture in list_lectures(open_course(context)):
        table.add_row(
            lecture.name, lecture.title, str(lecture.minutes), ", ".join(lecture.prerequisites)
        )
    console.print(table)


@app.command("run")
def lectures_run(
    context: typer.Context,
    names: Names = None,
    profile: Annotated[
        Profile, typer.Option(help="fast: offline, 30 s; full: made for a GPU.")
    ] = Profile.FAST,
    source: Annotated[Source, typer.Option(help="The data.")] = Source.SYNTHETIC,
    seed: Seed = 0,
    cells: Annotated[
        bool, typer.Option(help=f"Show the seconds of each cell, not of the slowest {SLOWEST}.")
    ] = False,
    jobs: Jobs = CORES,
):
    """Run lectures; keep each as a notebook, as a page, and its figures."""
    course = open_course(context)
    options = (profile.value, source.value, seed)
    if not run_lectures(course, names, options, cells, jobs):
        raise typer.Exit(1)
    console.print(f"Pages: {course.build / 'lectures' / 'index.html'}", soft_wrap=True)


def run_lectures(course, names=None, options=(), cells=False, jobs=1, greet=lambda run: None):
    """Runs lectures with a progress bar, and reports on them in their order.

    Args:
        course: A `Course`.
        names: Parts of lectures' names; all lectures if none.
        options: Profile, source and seed, as far as they are not `run`'s own.
        cells: Whether to report the seconds of each cell, not of the slowest ones.
        jobs: Number of lectures that run at the same time.
        greet: Function called with the first `Run` that has ended, before any report.

    Returns:
        Whether all went well.

    Raises:
        ValueError: if a name fits no lecture.
    """
    from classroom.kernels import warm_server

    # The server imports what lectures need while this process imports what runs them.
    with warm_server.serving(), progress() as bars:
        from classroom.catalogue.lectures import named

        lectures = named(course, names)
        bar = bars.add_task("lectures", total=sum(lecture.steps for lecture in lectures))

        def step(name, cells=1):
            bars.update(bar, description=name, advance=cells)

        jobs = min(jobs, len(lectures))
        start = _run_one_by_one if jobs == 1 else partial(_run_side_by_side, jobs)
        ended, reported = {}, 0
        with closing(start(course, lectures, options, step)) as runs:
            for run in runs:
                if not ended:
                    greet(run)
                ended[run.lecture.name] = run
                while reported < len(lectures) and lectures[reported].name in ended:
                    _report(ended[lectures[reported].name], cells)
                    reported += 1
    return not any(run.faults for run in ended.values())


def _run_one_by_one(course, lectures, options, step):
    """Runs lectures in this process; yields each `Run`."""
    from classroom.lectures.run_lectures import run

    for lecture in lectures:
        step(lecture.name, 0)
        yield run(course, lecture, *options, step=partial(step, lecture.name))


def _run_side_by_side(jobs, course, lectures, options, step):
    """Runs lectures in processes of their own; yields each `Run` as it ends."""
    from classroom.lectures.run_lectures import run_beside_others
    from classroom.running.workers import workers

    with workers(jobs, memory=None) as pool:
        running = {
            pool.submit(run_beside_others, course, lecture, *options): lecture
            for lecture in lectures
        }
        for ended in as_completed(running):
            step("lectures", running[ended].steps)
            yield ended.result()


def _report(run, cells):
    """Prints how long a lecture and its cells took, and what went wrong."""
    console.print(f"{mark(not run.faults)} {run.lecture.name}  {run.seconds:.0f} s")
    times = run.of_cells.items()
    if not cells:
        times = sorted(times, key=lambda item: -item[1])[:SLOWEST]
    console.print("    " + " · ".join(f"{name} {seconds:.1f} s" for name, seconds in times))
    for fault in run.faults:
        console.print(f"    [red]{escape(fault)}[/red]", soft_wrap=True)


@app.command("tutor")
def lectures_tutor(context: typer.Context, names: Names = None):
    """Write lectures as the lecturer wants them: solutions open, speaker's notes visible."""
    from classroom.catalogue.lectures import named
    from classroom.lectures.run_lectures import write_tutor_version

    course = open_course(context)
    for lecture in named(course, names):
        for path in write_tutor_version(course, lecture):
            console.print(str(path), soft_wrap=True)


@app.command("live")
def lectures_live(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="A lecture's number or name.")] = None,
    fresh: Annotated[
        bool,
        typer.Option(
            help="Start from a new copy of the lecture, or of all if none is named; an old copy "
            "that was changed is kept as NAME.old.ipynb."
        ),
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
):
    """Open JupyterLab on a working copy of the lectures, so that the course stays as it is."""
    from classroom.catalogue.lectures import find, list_lectures
    from classroom.lectures.run_lectures import outdated, working_copy

    course = open_course(context)
    lectures = [find(course, name)] if name else list_lectures(course)
    folder = working_copy(course, lectures if fresh else ())
    for lecture in outdated(course, lectures):
        console.print(
            f"[yellow]{lecture.name} was changed after its copy; `course lectures live "
            f"{lecture.name} --fresh` makes a new one.[/yellow]",
            soft_wrap=True,
        )
    opened = [str(folder / lecture.path.name) for lecture in lectures] if name else []
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *opened]
    console.print(f"Working copies: {folder}", soft_wrap=True)
    # Matrices of lectures are small: threads of OpenBLAS cost more than they give.
    environment = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
    done = subprocess.run(
        command + ([] if browser else ["--no-browser"]), cwd=folder, env=environment
    )
    raise typer.Exit(done.returncode)
