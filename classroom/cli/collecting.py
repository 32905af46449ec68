"""The commands for what comes in: collect, roster, due."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from classroom.cli.terminal import Lab, console, open_course, show

app = typer.Typer()


@app.command()
def collect(
    context: typer.Context,
    archive: Annotated[
        Path, typer.Argument(help="The zip file that the learning platform exported.")
    ],
    lab: Annotated[
        str | None, typer.Option(help="Name of the lab; if none, the notebooks' cells say it.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done; nothing is written.")
    ] = False,
    any_lab: Annotated[
        bool, typer.Option("--any-lab", help="Take notebooks with another lab's cells, too.")
    ] = False,
):
    """Put the notebooks of an archive into submitted/."""
    course = open_course(context)
    collect_archive(course, lab or _find_lab(course, archive), archive, dry_run, any_lab)


def _find_lab(course, archive):
    """The lab of an archive's notebooks, by their cells, or the only one that there is."""
    from classroom.collecting.collect import find_labs

    found, names = find_labs(course, archive), course.lab_names()
    if len(found) == 1 or len(names) == 1:
        return [*found, *names][0]
    if found:
        counts = ", ".join(f"{lab} ({count})" for lab, count in sorted(found.items()))
        raise ValueError(f"{archive} holds notebooks of several labs: {counts}. Name one: --lab.")
    raise ValueError(
        f"No notebook in {archive} has a cell of a lab. Say which lab it is, with --lab: "
        f"{', '.join(names)}."
    )


def collect_archive(course, lab, archive, dry_run=False, any_lab=False):
    from classroom.collecting.collect import collect
    from classroom.collecting.roster import read_roster

    collected = collect(course, lab, archive, dry_run, any_lab)
    table = Table("student", "file", "handed in", "", "", title="Dry run" if dry_run else None)
    for item in collected:
        if dry_run or item.status != "new" or item.handed_in.startswith("late"):
            cells = item.student, item.file, item.handed_in, item.status, item.reason
            table.add_row(*map(show, cells))
    if table.rows:
        console.print(table)
    submissions = [item for item in collected if item.is_submission]
    students = {item.student for item in submissions}
    console.print(
        f"{len(students)} students handed in {show(lab)}: {show(course.labs / 'submitted')}",
        soft_wrap=True,
    )
    # Of several notebooks of a student, the latest.
    times = {i.student: i.handed_in for i in sorted(submissions, key=lambda i: i.handed_in)}
    _show_times(times.values())
    held = [item for item in collected if item.status == "held"]
    if held:
        console.print(f"{len(held)} notebooks are held: {show(course.labs / 'held' / lab)}")
    roster = read_roster(course)
    if roster is not None:
        folder = course.labs / "submitted"
        missing = [
            f"{student.name} ({student.student})"
            for student in roster
            if student.student not in students and not (folder / student.student / lab).is_dir()
        ]
        console.print(
            f"Missing, {len(missing)} of {len(roster)}: {show(', '.join(missing)) or '–'}"
        )
    if dry_run:
        console.print("Nothing was written.")


def _show_times(times):
    """Says how many times of handing in are known, and from where."""
    sources = Counter(
        f"{'known from' if words[0].isdigit() else words.partition(' (')[0]} "
        f"({words.partition(' (')[2]}"
        for words in times
    )
    for words, count in sorted(sources.items()):
        console.print(f"Times of handing in: {count} {show(words)}")


@app.command()
def roster(
    context: typer.Context,
    table: Annotated[
        Path, typer.Argument(help="A CSV file: your own, or the platform's exported gradebook.")
    ],
):
    """Import the students of the class, so that strangers' work is held and missing work named."""
    from classroom.collecting.roster import import_roster

    course = open_course(context)
    students = import_roster(course, table)
    console.print(f"{len(students)} students: {show(course.labs / 'roster.json')}", soft_wrap=True)


@app.command()
def due(
    context: typer.Context,
    lab: Lab,
    when: Annotated[
        str | None,
        typer.Argument(help="2026-12-01, or 2026-12-01 18:00, or never; shows dates if none."),
    ] = None,
    student: Annotated[
        str | None, typer.Option(help="Give this student a due date of their own; never: none.")
    ] = None,
):
    """Set when a lab is due, or a student's extension, and update penalties at once."""
    from classroom.grading.gradebook import due_dates

    course = open_course(context)
    course.source(lab)
    if student and not when:
        raise ValueError("Say until when, as in `course due LAB 2026-12-08 --student ada`.")
    if when:
        moment = None if when == "never" else due_dates.parse_due_date(when)
        if student:
            due_dates.set_extension(course, lab, student, moment)
        else:
            due_dates.set_due_date(course, lab, moment)
    table = Table("student", "handed in", "says", "due", "points off")
    for late in due_dates.update_penalties(course, lab):
        unknown = "late, not said by how much" if late.seconds else "not known"
        cells = (
            late.student,
            _write(late.handed_in, unknown),
            late.source,
            _write(late.due, "never"),
        )
        table.add_row(*map(show, cells), f"{late.penalty:g}")
    console.print(table if table.rows else "Nothing of this lab was graded yet.")


def _write(moment, otherwise):
    return f"{moment.astimezone():%Y-%m-%d %H:%M}" if moment else otherwise
