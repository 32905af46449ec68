"""The commands for a class: collect, grade, regrade, report, feedback, export."""

import math
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from classroom.cli.terminal import CORES, Jobs, Lab, console, open_course, progress, show

app = typer.Typer()

Cluster = Annotated[
    str | None, typer.Option(help="Where: slurm, or the address of a Dask scheduler.")
]
Gpus = Annotated[
    float,
    typer.Option("--gpus-per-submission", min=0, max=1, help="Part of a GPU a submission needs."),
]
Unsealed = Annotated[bool, typer.Option(help="Let students' code do all that you may do yourself.")]


@app.command()
def collect(
    context: typer.Context,
    archive: Annotated[
        Path, typer.Argument(help="The zip file that the learning platform exported.")
    ],
    lab: Annotated[
        str | None, typer.Option(help="Name of the lab; not needed while there is only one.")
    ] = None,
):
    """Put the notebooks of an archive into submitted/."""
    course = open_course(context)
    if lab is None and len(course.lab_names()) != 1:
        raise ValueError(f"Say which lab it is, with --lab: {', '.join(course.lab_names())}.")
    collect_archive(course, lab or course.lab_names()[0], archive)


def collect_archive(course, lab, archive):
    from classroom.submissions.collect import collect

    collected = collect(course, lab, archive)
    table = Table("student", "file", "", "")
    for item in collected:
        if item.status != "new":
            table.add_row(*map(show, (item.student, item.file, item.status, item.reason)))
    if table.rows:
        console.print(table)
    students = {item.student for item in collected if item.status != "skipped"}
    console.print(
        f"{len(students)} students handed in {show(lab)}: {show(course.labs / 'submitted')}",
        soft_wrap=True,
    )


@app.command()
def grade(
    context: typer.Context,
    lab: Lab,
    jobs: Jobs = CORES,
    force: Annotated[bool, typer.Option(help="Grade all again, changed or not.")] = False,
    cluster: Cluster = None,
    gpus: Gpus = 0,
    unsealed: Unsealed = False,
    minutes: Annotated[
        float, typer.Option(min=0, help="After so many minutes no submission is begun.")
    ] = math.inf,
):
    """Grade all submissions of a lab that are new or changed."""
    options = {"force": force, "jobs": jobs, "cluster": cluster, "gpus": gpus}
    options["seconds"] = 60 * minutes
    if not grade_class(open_course(context), lab, sealed=not unsealed, **options):
        raise typer.Exit(1)


@app.command()
def regrade(
    context: typer.Context,
    lab: Lab,
    jobs: Jobs = CORES,
    diff: Annotated[bool, typer.Option(help="Show which scores move; nothing is written.")] = False,
    cluster: Cluster = None,
    gpus: Gpus = 0,
    unsealed: Unsealed = False,
):
    """Grade all submissions of a lab again, for instance with a changed check."""
    course = open_course(context)
    options = {"jobs": jobs, "cluster": cluster, "gpus": gpus, "sealed": not unsealed}
    if not diff:
        raise typer.Exit(int(not grade_class(course, lab, force=True, **options)))
    with _grading(course, lab, cluster) as step:
        from classroom.grading.grade_class import preview
        from classroom.results.gradebook import differences, read_scores

        scores, done = preview(course, lab, step, **options)
    faults = {outcome.student: outcome.fault for outcome in done if outcome.fault}
    table = Table("student", "cell", "before", "after")
    for change in differences(read_scores(course, lab), scores):
        if change.student not in faults:
            moved = (_write(score) for score in (change.before, change.after))
            table.add_row(show(change.student), show(change.cell), *moved)
    console.print(table if table.rows else "No score moves.")
    for student, fault in faults.items():
        console.print(f"{show(student)} cannot be graded: {show(fault)}", soft_wrap=True)


def _write(score):
    """A score for a table, a dash where there is none or a person gives it."""
    return "–" if math.isnan(score) else f"{score:g}"


@contextmanager
def _grading(course, lab, cluster):
    """Shows a progress bar with throughput and time left; gives the function that advances it.

    On this machine a warm server starts with it, and imports while the grader itself is imported.
    """
    from classroom.kernels import warm_server

    course.source(lab)  # names an unknown lab before anything starts
    with nullcontext() if cluster else warm_server.serving("labs"), progress() as bars:
        bar = bars.add_task(f"grading {lab}", total=None)
        start = time.monotonic()

        def step(outcome, left):
            bars.update(bar, advance=1)
            done = bars.tasks[0].completed
            rate = 60 * done / (time.monotonic() - start)
            words = f"grading {lab}, {rate:.0f} a minute"
            bars.update(bar, total=done + left, description=words)

        yield step
        bars.update(bar, total=bars.tasks[0].completed)


def grade_class(course, lab, cluster=None, **options):
    """Grades with a progress bar and shows the class; returns whether all could be graded."""
    with _grading(course, lab, cluster) as step:
        from classroom.grading.grade_class import grade
        from classroom.results.class_results import read_results

        done = grade(course, lab, step, cluster=cluster, **options)
    results = read_results(course, lab)
    table = Table("student", "name", "points", "", title=f"{lab}: {results.possible:g} points")
    for result in results.students:
        points = "–" if result.fault else f"{result.total:g}"
        fault = f"[red]{show(result.fault)}[/red]"
        table.add_row(show(result.student), show(result.name), points, fault)
    console.print(table)
    faults = [result for result in results.students if result.fault]
    hinted = [r for r in results.students if r.outcome and r.outcome.hints]
    console.print(
        f"{len(done)} submissions were run now. Of all, {len(faults)} could not be graded, and the "
        f"code of {len(hinted)} is worth a look; `course report {lab}` says why. "
        "Answers that a person has to read wait in formgrader."
    )
    return not faults


@app.command()
def report(context: typer.Context, lab: Lab):
    """Write the report on a class: a page and a CSV file."""
    from classroom.reports.class_report import write_report

    for path in write_report(open_course(context), lab):
        console.print(f"Report: {path}", soft_wrap=True)


@app.command()
def feedback(context: typer.Context, lab: Lab):
    """Write every student's feedback: a page, and the same as JSON."""
    from classroom.reports.student_feedback import write_feedback

    course = open_course(context)
    pages = write_feedback(course, lab)
    console.print(f"{len(pages)} files: {course.labs / 'feedback'}", soft_wrap=True)


@app.command()
def export(
    context: typer.Context,
    lab: Lab,
    format: Annotated[str, typer.Option(help="csv, canvas or moodle.")] = "csv",
    to: Annotated[Path | None, typer.Option(help="The file; in labs/reports/ if none.")] = None,
):
    """Export grades: a table, or what a learning platform imports."""
    from classroom.reports.export import write

    console.print(f"Grades: {write(open_course(context), lab, to, format)}", soft_wrap=True)
