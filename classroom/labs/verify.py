"""Proof that a lab grades as it says: every variant gets exactly the score that it should get."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np

from classroom.catalogue import labs as catalogue
from classroom.checks.hidden import load
from classroom.grading import reference
from classroom.grading.grade_class import grade
from classroom.grading.prepare import Lab
from classroom.labs import variants
from classroom.labs.release import release
from classroom.reasons import NOT_IMPLEMENTED
from classroom.results.gradebook import read_scores
from classroom.results.questions import question_of
from classroom.running.graded_cells import find_checks
from classroom.running.job import Job
from classroom.running.run_notebook import execute

SEEDS = 20


class Finding(NamedTuple):
    """One thing that was verified.

    Attributes:
        what: What should hold.
        problems: How it does not; empty if it does.
    """

    what: str
    problems: list[str]


def verify(course, lab, jobs=1, progress=lambda outcome, left: None, **options):
    """Verifies a lab in a copy of the course.

    The release is the same each time and shows nothing of solutions and checks; the solution gets
    all points, on twenty seeds of every check; answers forged from the solution's get none; the
    release gets none and fails only because nothing is implemented; every variant loses exactly the
    points that it says; hostile variants are reported in the words that they name, and no other
    code gives a hint. Wrong variants of different tasks share a notebook, see `variants.pack`.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        jobs: Number of notebooks that run at the same time.
        progress: Function called with each notebook's `Outcome` and the number of notebooks left.
        **options: As for `grade`.

    Yields:
        `Finding`s.

    Raises:
        ValueError: for an unknown lab, or one that lacks a cell's name or points, or a check, or
            has a variant which names a task or a test cell that there is not.
    """
    sources, known = variants.read_sources(course, lab), load(Lab(course, lab).checks)
    variants.read_all(course, lab)
    with tempfile.TemporaryDirectory() as folder:
        course = course.copy(Path(folder))
        first, second = _release(course, lab), _release(course, lab)
        yield Finding(
            "The release is the same each time", [] if first == second else ["two releases differ"]
        )
        released = {name: nbformat.reads(text, as_version=4) for name, text in first.items()}
        leaks = [line for name in sources for line in _leaks(sources[name], released[name])]
        yield Finding("The release shows no solution and no hidden check", leaks)
        yield Finding("Cells are worth what their checks give", _other_points(known, sources))

        students = _hand_all_in(course, lab, sources, released)
        outcomes = {
            outcome.student: outcome
            for outcome in grade(course, lab, progress, jobs=jobs, **options)
        }
        yield from _state_bound(Lab(course, lab))
        faults = [f"{name}: {o.fault}" for name, o in outcomes.items() if o.fault]
        yield Finding("Every notebook was graded", faults)
        yield from _judge_scores(course, lab, students)
        for student, outcome in outcomes.items():
            for variant in students[student]:
                if variant.reported or not variant.hostile:
                    yield _judge_hints(variant, outcome)
        yield Finding(
            "The release fails only because nothing is implemented",
            _other_errors(outcomes["release"]),
        )
        if any(map(_check_cells, sources.values())):
            yield Finding(
                f"The solution passes every hidden check on {SEEDS} seeds",
                _failing_seeds(course, lab, sources, options),
            )
            yield Finding("Forged answers get no point", _forgeable(course, lab, sources, options))


def _state_bound(lab):
    """States the bound of a cell that the solution's time gives, where no other is configured."""
    known = reference.recall(lab)
    if known and known["seconds"] is not None:
        yield Finding(
            f"The solution's slowest cell takes {known['seconds']:.1f} s, so that `course grade` "
            f"stops a cell after {reference.bound(known['seconds']):.0f} s",
            [],
        )


def _release(course, lab):
    """Releases a lab; returns a dictionary from the names of its notebooks to their texts."""
    release(course, lab)
    return {
        name: course.released(lab, name).read_text(encoding="utf-8")
        for name in course.notebook_names(lab)
    }


def _check_cells(notebook):
    """List of pairs of a cell that calls hidden checks, and the tasks that it calls them of."""
    found = ((cell, find_checks(cell)) for cell in notebook.cells)
    return [(cell, [task for task, _ in tasks]) for cell, tasks in found if tasks]


def _hand_all_in(course, lab, sources, released):
    """Hands in the release, the solution and all variants.

    Returns:
        Dictionary from each student to the list of `Variant`s in their notebook.
    """
    solved = variants.all_solutions(sources)
    _hand_in_all(course, lab, "release", released)
    _hand_in_all(course, lab, "solution", variants.answer_all(released, solved))
    points = catalogue.read_points(course, lab)
    students = {
        "release": [variants.Variant("release", "", points, "", {})],
        "solution": [variants.Variant("solution", "", {}, "", {})],
    }
    for pack in variants.pack(variants.read_all(course, lab), solved):
        students[student := _name(pack)] = pack
        answers = {name: text for one in pack for name, text in one.answers.items()}
        _hand_in_all(course, lab, student, variants.answer_all(released, solved | answers))
    return students


def _judge_scores(course, lab, students):
    points, found = catalogue.read_points(course, lab), read_scores(course, lab)
    for student, scores in zip(found.students, found.scores):
        reached = dict(zip(found.cells, scores))
        for variant in students[student]:
            yield Finding(
                f"{variant.name} loses what it should",
                _differences(points, reached, variant, students[student]),
            )


def _other_points(known, sources):
    """Check cells whose points are not those that their check gives."""
    return [
        f"{cell.metadata.nbgrader.grade_id} is worth {cell.metadata.nbgrader.points:g}, its check "
        f"{known[task].points:g}"
        for source in sources.values()
        for cell, tasks in _check_cells(source)
        for task in tasks
        if known[task].points_shown and cell.metadata.nbgrader.points != known[task].points
    ]


def _judge_hints(variant, outcome):
    if not variant.hostile:
        return Finding(f"{variant.name} gives no hint", outcome.hints)
    words, seen = variant.reported, ", ".join(outcome.hints + outcome.notes)
    problems = [] if words in seen else [f"{words!r} is not in {seen!r}"]
    return Finding(f"{variant.name} is reported", problems)


def hand_in(course, lab, student, notebook):
    """Writes a lab's only notebook to a student's place in `submitted/`."""
    (name,) = course.notebook_names(lab)
    _hand_in_all(course, lab, student, {name: notebook})


def _hand_in_all(course, lab, student, notebooks):
    folder = course.labs / "submitted" / student / lab
    folder.mkdir(parents=True)
    for name, notebook in notebooks.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")


def _name(pack):
    first, *others = pack
    return f"{first.name}_and_{len(others)}_more" if others else first.name


def _leaks(source, released):
    """Lines of solutions and hidden checks that stand in the release."""
    hidden, inside = set(), False
    for line in _lines(source):
        if "### BEGIN" in line or "### END" in line:
            inside = "### BEGIN" in line
            hidden.add(line)
        elif inside:
            hidden.add(line)
    return sorted(hidden & set(_lines(released)))


def _lines(notebook):
    """All lines that say something, a closing bracket does not."""
    lines = [line.strip() for cell in notebook.cells for line in cell.source.splitlines()]
    return [line for line in lines if any(map(str.isalnum, line))]


def _differences(points, reached, variant, pack):
    """Judges a variant by all cells but those of the variants that share its notebook."""
    loses = variant.loses
    others = {task for other in pack if other is not variant for task in other.tasks}
    expected = {
        cell: points[cell] - loses.get(cell, 0)
        for cell in points
        if question_of(cell) not in others
    }
    return [
        f"{cell} scored {reached[cell]:g}, should score {score:g}"
        for cell, score in expected.items()
        if not np.isclose(reached[cell], score)
    ]


def _other_errors(outcome):
    return [
        f"{name}: {cell.reason}"
        for name, cell in outcome.cells.items()
        if cell.reason != NOT_IMPLEMENTED
    ]


def _failing_seeds(course, lab, sources, options):
    """Runs the solution once, and every hidden check on many seeds."""
    calls = "from classroom.checks import check\n" + "\n".join(
        f"check({{lab!r}}, {{task!r}}, globals(), {seed})" for seed in range(SEEDS)
    )
    return _reasons(course, lab, sources, calls, options)


def _forgeable(course, lab, sources, options):
    """Runs the solution once, and judges answers that were forged from it."""
    calls = (
        "from classroom.checks.wrong_values import fuzz\n"
        "fuzz(open('checks.txt', encoding='utf-8').read(), {task!r}, globals())"
    )
    return _reasons(course, lab, sources, calls, options)


def _reasons(course, lab, sources, calls, options):
    """Runs the solution with other calls in its check cells; returns why these fail."""
    about, reasons = Lab(course, lab), []
    for notebook in map(nbformat.from_dict, sources.values()):
        for cell, tasks in _check_cells(notebook):
            cell.source = calls.format(lab=lab, task=tasks[0])
        job = Job(
            nbformat.writes(notebook),
            about.checks,
            files={**about.files, "checks.txt": about.checks.encode()},
            sealed=options.get("sealed", True),
        )
        reasons += [
            f"{name}: {outcome.reason}"
            for name, outcome in execute(job).cells.items()
            if outcome.reason
        ]
    return reasons
