"""Everything at once: `course build` and `course demo`."""

import shutil

import typer
from rich.table import Table

from classroom.cli.collecting import collect_archive
from classroom.cli.grading import grade_class
from classroom.cli.lectures import run_lectures
from classroom.cli.terminal import CORES, Jobs, can_seal, console, open_course
from classroom.kernels import warm_server

app = typer.Typer()


@app.command()
def demo(context: typer.Context, jobs: Jobs = CORES):
    """Collect, grade and report a class of synthetic students for every lab, in build/demo/."""
    course = open_course(context)
    if not _demo(course, jobs):
        raise typer.Exit(1)


def _demo(course, jobs):
    """Runs the demo class of every lab; returns whether every submission could be graded."""
    from classroom.labs.demo_class import make_class
    from classroom.reports.class_report import write_report

    shutil.rmtree(course.build / "demo", ignore_errors=True)
    demo = course.copy(course.build / "demo")
    good = True
    with warm_server.serving("labs"):
        for lab in course.lab_names():
            archive = demo.root / f"{lab}.zip"
            make_class(demo, lab, archive)
            collect_archive(demo, lab, archive)
            good &= grade_class(demo, lab, jobs=jobs, sealed=can_seal())
            write_report(demo, lab)
    return good


@app.command()
def build(context: typer.Context, jobs: Jobs = CORES):
    """Run every lecture, grade a demo class for every lab, and say where the results are."""
    course = open_course(context)
    with warm_server.serving():
        good = run_lectures(course, jobs=jobs, greet=_greet)
        good &= _demo(course, jobs)
    _say_where(course)
    raise typer.Exit(int(not good))


def _greet(run):
    """Says what there is to read while all else still runs."""
    console.print(
        f"{run.lecture.title} is ready to read: {run.page}; the other lectures follow in "
        f"{run.page.with_name('index.html')}, and after them a demo class is graded.",
        soft_wrap=True,
        markup=False,
    )


def _say_where(course):
    """Says where the results of lectures and demo classes are."""
    table = Table.grid(padding=(0, 2))
    for what, pattern in (
        ("lectures", "lectures/*.html"),
        ("figures", "figures/*"),
        ("class report", "demo/labs/reports/*.html"),
    ):
        for path in sorted(course.build.glob(pattern)):
            table.add_row(what, str(path))
    console.print(table, soft_wrap=True)
