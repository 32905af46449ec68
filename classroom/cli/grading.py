"""The commands for a class: grade, regrade, report, feedback, export."""

import math
import time
from contextlib import contextmanager, nullcontext
from functools import partial
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
    watch: Annotated[
        Path | None, typer.Option(help="Go on with what arrives in this folder, until Ctrl-C.")
    ] = None,
):
    """Grade all submissions of a lab that are new or changed."""
    options = {"jobs": jobs, "cluster": cluster, "gpus": gpus, "seconds": 60 * minutes}
    if watch:
        if force:
            raise ValueError("--watch grades what arrives; for all again, `course regrade`.")
        return watch_folder(open_course(context), lab, watch, sealed=not unsealed, **options)
    options["force"] = force
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
        "`course serve` shows the answers that a person has to read."
    )
    return not faults


def watch_folder(course, lab, folder, cluster=None, **options):
    """Collects and grades what arrives in a folder, with a line for each, until Ctrl-C."""
    from classroom.grading.watch import watch

    def say(sentence):
        console.print(f"{time.strftime('%a %H:%M')} {show(sentence)}", soft_wrap=True)

    grading = partial(_grading, course, lab, cluster)
    try:
        watch(course, lab, folder, say, grading, cluster=cluster, **options)
    except KeyboardInterrupt:
        say("Stopped. What was graded is kept; what was not is graded next time.")


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
    to: Annotated[
        Path | None,
        typer.Option("--to", "--output", help="The file to write; else labs/reports/ or beside."),
    ] = None,
    into: Annotated[
        Path | None, typer.Option(help="Fill the file that the learning platform exported.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="With --into: the heading of the column of grades.")
    ] = None,
):
    """Export grades: a table, what a learning platform imports, or its own file, filled."""
    course = open_course(context)
    if into is None:
        if column is not None:
            raise ValueError("--column says which column of the file --into gets the grades.")
        from classroom.reports.export import write

        console.print(f"Grades: {write(course, lab, to, format)}", soft_wrap=True)
        return
    if format != "csv":
        raise ValueError("Give --format or --into: the file says itself what its format is.")
    from classroom.reports.fill import fill

    _show_filled(fill(course, lab, into, to, column))


def _show_filled(filled):
    for title, lines in (
        ("Found by name alone; compare them", filled.by_name),
        ("Left out, not clear whose row it is", filled.unclear),
        ("In the file, but handed nothing in", filled.unknown),
        ("Handed in, but not in the file", filled.missing),
        ("Left as they are", filled.kept),
        ("Other grades before", filled.changed),
        ("Beware", filled.warnings),
    ):
        if lines:
            console.print(f"[bold]{title}[/bold] ({len(lines)})", soft_wrap=True)
            for line in lines:
                console.print(f"  {show(line)}", soft_wrap=True)
    console.print(
        f"Grades in the column {show(filled.heading)}: {filled.grades}, in {show(filled.path)}",
        soft_wrap=True,
    )
