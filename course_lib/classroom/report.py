"""The report on a graded class: one HTML page and one CSV file."""

import csv
import io
from pathlib import Path

import jinja2
import matplotlib
import matplotlib.style
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from course_lib.classroom import outcomes
from course_lib.classroom.gradebook import read_scores

TEMPLATES = Path(__file__).with_name("templates")
STYLE = Path(__file__).parents[1] / "course.mplstyle"


def write_report(course, lab):
    """Writes the report on a class to `labs/reports/`.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        Paths of the HTML page and of the CSV file.

    Raises:
        ValueError: if nothing of the lab was graded.
    """
    found = read_scores(course, lab)
    faults = {
        outcome.student: outcome.fault
        for outcome in outcomes.read_all(course, lab)
        if outcome.fault
    }
    if not found.students and not faults:
        raise ValueError(f"Nothing of the lab {lab!r} was graded; run `course grade {lab}` first.")
    questions = found.questions()
    students = [
        {
            "id": student,
            "name": found.students.get(student, ""),
            "scores": [
                None if np.isnan(row[cells]).any() else row[cells].sum()
                for cells in questions.values()
            ],
            "total": None if student in faults else np.nansum(row),
            "fault": faults.get(student, ""),
        }
        for student, row in _rows(found, faults)
    ]
    folder = course.labs / "reports"
    folder.mkdir(exist_ok=True)
    page, table = folder / f"{lab}.html", folder / f"{lab}.csv"
    table.write_text(_table(questions, students), encoding="utf-8")
    page.write_text(_page(lab, found, questions, students), encoding="utf-8")
    return page, table


def _rows(found, faults):
    """Every student with their scores; those whose submission is not in the gradebook have none."""
    rows = dict(zip(found.students, found.scores))
    nothing = np.full(len(found.cells), np.nan)
    return [
        (student, nothing if student in faults else rows[student])
        for student in sorted({*rows, *faults})
    ]


def _table(questions, students):
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["student", "name", *questions, "total", "fault"])
    for student in students:
        scores = [
            "" if score is None else f"{score:g}"
            for score in [*student["scores"], student["total"]]
        ]
        writer.writerow([student["id"], student["name"], *scores, student["fault"]])
    return file.getvalue()


def _page(lab, found, questions, students):
    totals = np.array([student["total"] for student in students if student["total"] is not None])
    possible = found.points.sum()
    rows = []
    for number, (question, cells) in enumerate(questions.items()):
        reached = np.array(
            [s["scores"][number] for s in students if s["scores"][number] is not None]
        )
        points = found.points[cells].sum()
        waiting = len(totals) - len(reached)
        rows.append(
            {
                "name": question,
                "points": points,
                "waiting": waiting,
                "rate": None if waiting else reached.mean() / points,
                "full": None if waiting else np.mean(reached == points),
                "none": None if waiting else np.mean(reached == 0),
            }
        )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html").render(
        lab=lab,
        questions=rows,
        students=students,
        possible=possible,
        totals=totals,
        distribution=_draw(_distribution, totals, possible),
        difficulty=_draw(_difficulty, [row for row in rows if row["rate"] is not None]),
    )


def _draw(draw, *arguments):
    """Draws a figure in the course's style and returns it as SVG for a page."""
    with (
        matplotlib.style.context(STYLE),
        matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "course"}),
    ):
        figure = Figure(figsize=(9, 4))
        draw(figure.subplots(), *arguments)
        file = io.StringIO()
        figure.savefig(file, format="svg", metadata={"Date": None})
    return Markup(file.getvalue()[file.getvalue().index("<svg") :])


def _distribution(axes, totals, possible):
    axes.hist(totals, bins=np.arange(-0.5, possible + 1), color="C0", rwidth=0.85)
    axes.set(xlabel=f"points so far, of {possible:g}", ylabel="students")
    axes.yaxis.get_major_locator().set_params(integer=True)


def _difficulty(axes, questions):
    names = [question["name"] for question in questions]
    rates = [100 * question["rate"] for question in questions]
    axes.barh(names, rates, color="C0")
    for row, rate in enumerate(rates):
        axes.annotate(
            f"{rate:.0f} %", (rate, row), xytext=(5, 0), textcoords="offset points", va="center"
        )
    axes.set(xlabel="points reached, % of those possible", xlim=(0, 112))
    axes.set_xticks(range(0, 101, 20))
    axes.invert_yaxis()
