"""The report on a graded class: one HTML page and one CSV file."""

import io
from pathlib import Path

import matplotlib
import matplotlib.style
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

import course_lib
from classroom.pages import render
from classroom.reports import export
from classroom.reports.similarity import find_similar
from classroom.results.class_results import read_results
from classroom.results.titles import read_titles

STYLE = Path(course_lib.__file__).with_name("course.mplstyle")

# Graded submissions from which a correlation says something, and pairs that are listed.
ENOUGH = 10
PAIRS = 50


def write_report(course, lab):
    """Writes the report on a class to `labs/reports/`.

    The page shows the distribution of points; how difficult each question is, how well it tells
    students apart, and how long it takes; who could not be graded and why; what was handed in anew
    after a person had graded it; what was mended;
    whose code is worth a look; which points no hidden check has judged; and submissions that
    resemble each other.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        Paths of the HTML page and of the CSV file.

    Raises:
        ValueError: if nothing of the lab was graded.
    """
    document = make_report(course, lab)
    table = export.write(course, lab)
    page = table.with_suffix(".html")
    page.write_text(document, encoding="utf-8")
    return page, table


def make_report(course, lab):
    """Makes the report's page.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        The page, whole in one string.

    Raises:
        ValueError: if nothing of the lab was graded.
    """
    results, titles = read_results(course, lab), read_titles(course, lab)
    return _page(lab, results, titles, find_similar(course, lab))


def _page(lab, results, titles, similar):
    totals = np.array([result.total for result in results.graded])
    questions = [
        _analyse(results, question) | {"title": titles.questions.get(question, "")}
        for question in results.questions
    ]
    known = [question for question in questions if question["rate"] is not None]
    return render(
        "report.html",
        lab=lab,
        title=titles.lab,
        results=results,
        questions=questions,
        totals=totals,
        enough=ENOUGH,
        unjudged=_find_unjudged(results),
        similar=similar[:PAIRS],
        left_out=len(similar[PAIRS:]),
        distribution=_draw(_distribution, totals, results.possible),
        difficulty=_draw(_difficulty, known) if known else "",
    )


def _find_unjudged(results):
    """Names of the graded cells whose points came from students' kernels, in the lab's order."""
    found = {
        name
        for result in results.graded
        if result.outcome
        for name, cell in result.outcome.cells.items()
        if not cell.judged
    }
    return [name for cells in results.questions.values() for name in cells if name in found]


def _analyse(results, question):
    """What the class's points and times say about a question."""
    points = results.points[question]
    scored = [result for result in results.graded if result.scores[question] is not None]
    reached = np.array([result.scores[question] for result in scored])
    rest = np.array(
        [sum(s or 0 for q, s in result.scores.items() if q != question) for result in scored]
    )
    waiting = len(results.graded) - len(scored)
    rates = (None, None, None)
    if len(scored) and not waiting:
        rates = reached.mean() / points, np.mean(reached == points), np.mean(reached == 0)
    varies = len(scored) >= ENOUGH and np.ptp(reached) > 0 and np.ptp(rest) > 0
    cells = results.questions[question]
    seconds = [
        sum(result.outcome.cells[cell].seconds for cell in cells if cell in result.outcome.cells)
        for result in results.graded
        if result.outcome and set(cells) & result.outcome.cells.keys()
    ]
    return {
        "name": question,
        "points": points,
        "waiting": waiting,
        "rate": rates[0],
        "full": rates[1],
        "none": rates[2],
        "discrimination": np.corrcoef(reached, rest)[0, 1] if varies else None,
        "seconds": np.quantile(seconds, [0.25, 0.5, 0.75]) if seconds else None,
    }


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
