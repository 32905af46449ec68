"""The commands for lectures: `course lectures …` and `course record`."""

import os
import subprocess
import sys
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from course_lib.classroom.terminal import console, mark, open_course, progress

app = typer.Typer(no_args_is_help=True, help="Lectures: list, run, live, tutor.")

Names = Annotated[
    list[str] | None, typer.Argument(help="Parts of lectures' names; all lectures if none.")
]
Profile = Annotated[str, typer.Option(help="fast (offline, 30 s) or full (made for a GPU).")]
Source = Annotated[str, typer.Option(help="synthetic or real data.")]
Seed = Annotated[int, typer.Option(help="Seed that lectures start from.")]
SLOWEST = 3


@app.command("list")
def lectures_list(context: typer.Context):
    """List the lectures in their order."""
    from course_lib.classroom.lectures import list_lectures

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
    profile: Profile = "fast",
    source: Source = "synthetic",
    seed: Seed = 0,
    cells: Annotated[
        bool, typer.Option(help=f"Show the seconds of each cell, not of the slowest {SLOWEST}.")
    ] = False,
):
    """Run lectures; keep each as a notebook, as a page, and its figures."""
    course = open_course(context)
    if not run_lectures(course, names, profile, source, seed, cells):
        raise typer.Exit(1)
    console.print(f"Pages: {course.build / 'lectures' / 'index.html'}", soft_wrap=True)


def run_lectures(course, names=None, profile="fast", source="synthetic", seed=0, cells=False):
    """Runs lectures with a progress bar; returns whether all went well."""
    from course_lib.classroom import warm

    # The server imports what lectures need while this process imports what runs them.
    with warm.serving(), progress() as bars:
        from course_lib.classroom.lectures import named, run

        lectures = named(course, names)
        bar = bars.add_task("lectures", total=sum(lecture.steps for lecture in lectures))
        runs = []
        for lecture in lectures:
            bars.update(bar, description=lecture.name)
            runs.append(run(course, lecture, profile, source, seed, step=lambda: bars.advance(bar)))
    for one in runs:
        _report(one, cells)
    return not any(one.faults for one in runs)


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
    from course_lib.classroom.lectures import named, write_tutor_version

    course = open_course(context)
    for lecture in named(course, names):
        for path in write_tutor_version(course, lecture):
            console.print(str(path), soft_wrap=True)


@app.command("live")
def lectures_live(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="Part of a lecture's name.")] = None,
    fresh: Annotated[
        bool, typer.Option(help="Start from new copies; what was typed into the old ones is lost.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser.")] = True,
):
    """Open JupyterLab on a working copy of the lectures, so that the course stays as it is."""
    from course_lib.classroom.lectures import named, working_copy

    course = open_course(context)
    folder = working_copy(course, fresh)
    opened = [str(folder / named(course, [name])[0].path.name)] if name else []
    command = [sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", *opened]
    console.print(f"Working copies: {folder}", soft_wrap=True)
    done = subprocess.run(command + ([] if browser else ["--no-browser"]), cwd=folder)
    raise typer.Exit(done.returncode)


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
    from course_lib.classroom import recording

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
