"""The commands for labs: `course labs …`."""

from typing import Annotated

import typer
from rich.table import Table

from classroom.cli.terminal import (
    CORES,
    Jobs,
    Lab,
    can_seal,
    console,
    mark,
    open_course,
    progress,
    show,
)

app = typer.Typer(no_args_is_help=True, help="Labs: list, new, release, verify, bundle.")


@app.command("list")
def labs_list(context: typer.Context):
    """List the labs with their points and variants."""
    from classroom.catalogue.labs import list_labs

    table = Table("lab", "points by tests", "variants")
    for lab in list_labs(open_course(context)):
        table.add_row(lab.name, f"{sum(lab.points.values()):g}", str(len(lab.variants)))
    console.print(table)


@app.command("new")
def labs_new(
    context: typer.Context, topic: Annotated[str, typer.Argument(help="Name of the new lab.")]
):
    """Make a lab that verifies: a notebook, its hidden checks and three variants, to be changed."""
    from classroom.labs.new_lab import new_lab

    for path in new_lab(open_course(context), topic):
        console.print(f"Made: {path}", soft_wrap=True)
    console.print(f"`course labs verify {topic}` proves that it grades as it says.")


@app.command("release")
def labs_release(context: typer.Context, lab: Lab):
    """Make a lab's release, without solutions and hidden checks."""
    from classroom.labs.release import release

    console.print(f"Released: {release(open_course(context), lab)}", soft_wrap=True)


@app.command("verify")
def labs_verify(context: typer.Context, lab: Lab, jobs: Jobs = CORES):
    """Prove that every variant of a lab gets exactly the score that it should get."""
    from classroom.labs.verify import verify

    findings = []
    with progress() as bars:
        bar = bars.add_task("variants", total=None)

        def step(outcome, left):
            bars.update(bar, advance=1, total=bars.tasks[0].completed + 1 + left)

        for finding in verify(open_course(context), lab, jobs, step, sealed=can_seal()):
            findings.append(finding)
            bars.console.print(f"{mark(not finding.problems)} {show(finding.what)}")
            for problem in finding.problems:
                bars.console.print(f"    {show(problem)}")
    raise typer.Exit(int(any(finding.problems for finding in findings)))


@app.command("bundle")
def labs_bundle(context: typer.Context):
    """Pack what students get: lectures, released labs, course_lib and the set-up files."""
    from classroom.labs.bundle import bundle

    course = open_course(context)
    console.print(
        f"Bundle: {bundle(course, course.build / 'bundle' / 'course.zip')}", soft_wrap=True
    )
