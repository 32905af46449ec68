"""The `course` command: a thin skin over `course_lib.classroom` and `course_lib.datasets`."""

import math
import os
import shutil
import sys
import time
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from course_lib.classroom import lecture_commands
from course_lib.classroom.terminal import console, mark, open_course, progress

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Lectures, labs and grading.")
data_app = typer.Typer(no_args_is_help=True, help="Real data: list, fetch, verify.")
labs_app = typer.Typer(no_args_is_help=True, help="Labs: list, release, verify, bundle.")
app.add_typer(data_app, name="data")
app.add_typer(lecture_commands.app, name="lectures")
app.add_typer(labs_app, name="labs")
app.command("record")(lecture_commands.record)
CORES = os.cpu_count() or 1
LONGEST = 5000  # characters of a text

Lab = Annotated[str, typer.Argument(help="Name of the lab.")]
Jobs = Annotated[
    int, typer.Option("--jobs", "-j", min=1, help="Notebooks that run at the same time.")
]
Cluster = Annotated[
    str | None, typer.Option(help="Where: slurm, or the address of a Dask scheduler.")
]
Gpus = Annotated[
    float,
    typer.Option("--gpus-per-submission", min=0, max=1, help="Part of a GPU a submission needs."),
]
Unsealed = Annotated[bool, typer.Option(help="Let students' code do all that you may do yourself.")]


@app.callback()
def main(
    context: typer.Context,
    course: Annotated[
        Path, typer.Option(envvar="COURSE_ROOT", help="The course, or a folder in it.")
    ] = Path(),
):
    context.obj = course


def show(text):
    """Makes a text inert for the terminal: students chose names, and made notebooks say things."""
    from course_lib.classroom.cleaning import clean_text

    return escape(clean_text(str(text), LONGEST))


def run():
    """Runs the command; what users can mend is said in plain words, without a traceback."""
    from course_lib.datasets.files import DataError

    # Processes that it starts in a student's folder import nothing from there.
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    try:
        app()
    except (ValueError, DataError) as error:
        console.print(f"[red]{show(error)}[/red]")
        sys.exit(1)


def _can_seal():
    """Whether the project's own answers run sealed off; strangers' code asks for --unsealed."""
    from course_lib.classroom import sandbox

    missing = sandbox.missing()
    if missing:
        console.print(f"[yellow]Runs without a seal; `course doctor` says why: {missing}[/yellow]")
    return not missing


@app.command()
def doctor():
    """Report what this machine has and what it lacks."""
    from course_lib.classroom.doctor import examine

    wanting = False
    for found in examine():
        sign = mark(found.there) if found.there or found.needed else "[yellow]–[/yellow]"
        console.print(f"{sign} {found.what:22} {escape(found.detail)}", soft_wrap=True)
        wanting |= found.needed and not found.there
    raise typer.Exit(int(wanting))


@data_app.command("list")
def data_list():
    """List the real data sets, and where their files are."""
    from course_lib.datasets import files

    table = Table("data set", "files", "here", "where")
    for name in files.folders():
        paths = [files.find(file) for file in files.files_of(name)]
        places = sorted({str(path.parent) for path in paths if path})
        table.add_row(name, str(len(paths)), str(sum(map(bool, paths))), "\n".join(places))
    console.print(table)


@data_app.command("fetch")
def data_fetch(
    names: Annotated[
        list[str] | None, typer.Argument(help="Data sets; all of them if none.")
    ] = None,
):
    """Download real data into the user's cache, unless they are here already, and verify them."""
    from course_lib.datasets import files

    for file in [file for name in names or files.folders() for file in files.files_of(name)]:
        console.print(f"{mark(True)} {escape(str(files.fetch(file)))}", soft_wrap=True)


@data_app.command("verify")
def data_verify(
    names: Annotated[
        list[str] | None, typer.Argument(help="Data sets; all of them if none.")
    ] = None,
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


@labs_app.command("list")
def labs_list(context: typer.Context):
    """List the labs with their points and variants."""
    import nbformat

    from course_lib.classroom import variants

    course = open_course(context)
    table = Table("lab", "points by tests", "variants")
    for lab in course.lab_names():
        points = variants.points(nbformat.read(course.source(lab), as_version=4))
        table.add_row(lab, f"{sum(points.values()):g}", str(len(variants.read_all(course, lab))))
    console.print(table)


@labs_app.command("release")
def labs_release(context: typer.Context, lab: Lab):
    """Make a lab's release, without solutions and hidden checks."""
    from course_lib.classroom.labs import release

    console.print(f"Released: {release(open_course(context), lab)}", soft_wrap=True)


@labs_app.command("verify")
def labs_verify(context: typer.Context, lab: Lab, jobs: Jobs = CORES):
    """Prove that every variant of a lab gets exactly the score that it should get."""
    from course_lib.classroom.verify import verify

    findings = []
    with progress() as bars:
        bar = bars.add_task("variants", total=None)

        def step(outcome, left):
            bars.update(bar, advance=1, total=bars.tasks[0].completed + 1 + left)

        for finding in verify(open_course(context), lab, jobs, step, sealed=_can_seal()):
            findings.append(finding)
            bars.console.print(f"{mark(not finding.problems)} {show(finding.what)}")
            for problem in finding.problems:
                bars.console.print(f"    {show(problem)}")
    raise typer.Exit(int(any(finding.problems for finding in findings)))


@labs_app.command("bundle")
def labs_bundle(context: typer.Context):
    """Pack what students get: lectures, released labs, course_lib and the set-up files."""
    from course_lib.classroom.labs import bundle

    course = open_course(context)
    console.print(
        f"Bundle: {bundle(course, course.build / 'bundle' / 'course.zip')}", soft_wrap=True
    )


@app.command()
def check(notebook: Annotated[Path, typer.Argument(help="Your lab notebook.")]):
    """Run a lab notebook and say which tests pass: instant feedback for students."""
    from course_lib.classroom.feedback import check_notebook

    with console.status("Running the notebook from top to bottom …"):
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
    _collect(course, lab or course.lab_names()[0], archive)


def _collect(course, lab, archive):
    from course_lib.classroom.collect import collect

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
    if not _grade(open_course(context), lab, sealed=not unsealed, **options):
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
        raise typer.Exit(int(not _grade(course, lab, force=True, **options)))
    with _grading(course, lab, cluster) as step:
        from course_lib.classroom.gradebook import differences, read_scores
        from course_lib.classroom.grading import preview

        scores, _ = preview(course, lab, step, **options)
    table = Table("student", "cell", "before", "after")
    for change in differences(read_scores(course, lab), scores):
        moved = f"{change.before:g}", f"{change.after:g}"
        table.add_row(show(change.student), show(change.cell), *moved)
    console.print(table if table.rows else "No score moves.")


@contextmanager
def _grading(course, lab, cluster):
    """Shows a progress bar with throughput and time left; gives the function that advances it.

    On this machine a warm server starts with it, and imports while the grader itself is imported.
    """
    from course_lib.classroom import warm

    course.source(lab)  # names an unknown lab before anything starts
    with nullcontext() if cluster else warm.serving(), progress() as bars:
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


def _grade(course, lab, cluster=None, **options):
    """Grades with a progress bar and shows the class; returns whether all could be graded."""
    with _grading(course, lab, cluster) as step:
        from course_lib.classroom.grading import grade
        from course_lib.classroom.results import read_results

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
    from course_lib.classroom.report import write_report

    for path in write_report(open_course(context), lab):
        console.print(f"Report: {path}", soft_wrap=True)


@app.command()
def feedback(context: typer.Context, lab: Lab):
    """Write every student's feedback: a page, and the same as JSON."""
    from course_lib.classroom.student_feedback import write_feedback

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
    from course_lib.classroom.export import write

    console.print(f"Grades: {write(open_course(context), lab, to, format)}", soft_wrap=True)


@app.command()
def demo(context: typer.Context, jobs: Jobs = CORES):
    """Collect, grade and report a class of synthetic students for every lab, in build/demo/."""
    course = open_course(context)
    if not _demo(course, jobs):
        raise typer.Exit(1)


def _demo(course, jobs):
    """Runs the demo class of every lab; returns whether every submission could be graded."""
    from course_lib.classroom.demo import make_class
    from course_lib.classroom.report import write_report

    shutil.rmtree(course.build / "demo", ignore_errors=True)
    demo = course.copy(course.build / "demo")
    good = True
    for lab in course.lab_names():
        archive = demo.root / f"{lab}.zip"
        make_class(demo, lab, archive)
        _collect(demo, lab, archive)
        good &= _grade(demo, lab, jobs=jobs, sealed=_can_seal())
        write_report(demo, lab)
    return good


@app.command()
def build(context: typer.Context, jobs: Jobs = CORES):
    """Run every lecture, grade a demo class for every lab, and say where the results are."""
    course = open_course(context)
    good = lecture_commands.run_lectures(course)
    good &= _demo(course, jobs)
    _say_where(course)
    raise typer.Exit(int(not good))


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
