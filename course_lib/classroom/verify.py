"""Proof that a lab grades as it says: every variant gets exactly the score that it should get."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np
from nbgrader.utils import is_grade, is_solution

from course_lib.classroom import variants
from course_lib.classroom.execution import NOT_IMPLEMENTED, Job, execute
from course_lib.classroom.gradebook import read_scores
from course_lib.classroom.grading import grade
from course_lib.classroom.labs import release

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
    all points, on twenty seeds of every check; the release gets none and fails only because nothing
    is implemented; every variant loses exactly the points that it says; hostile variants, and they
    alone, are reported. Wrong variants of different tasks share a notebook, see `variants.pack`.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        jobs: Number of notebooks that run at the same time.
        progress: Function called with each notebook's `Outcome` and the number of notebooks left.
        **options: As for `grading.run_class`.

    Yields:
        `Finding`s.

    Raises:
        ValueError: for an unknown lab.
    """
    source = nbformat.read(course.source(lab), as_version=4)
    points = variants.points(source)
    solved = variants.solutions(source)
    packs = variants.pack(variants.read_all(course, lab), solved)
    with tempfile.TemporaryDirectory() as folder:
        course = course.copy(Path(folder))
        first, second = release(course, lab).read_bytes(), release(course, lab).read_bytes()
        yield Finding(
            "The release is the same each time", [] if first == second else ["two releases differ"]
        )
        released = nbformat.reads(first.decode(), as_version=4)
        yield Finding("The release shows no solution and no hidden check", _leaks(source, released))

        hand_in(course, lab, "release", released)
        hand_in(course, lab, "solution", variants.answer(released, solved))
        students = {
            "release": [variants.Variant("release", "", points, "", {})],
            "solution": [variants.Variant("solution", "", {}, "", {})],
        }
        for pack in packs:
            students[student := _name(pack)] = pack
            answers = {name: text for one in pack for name, text in one.answers.items()}
            hand_in(course, lab, student, variants.answer(released, solved | answers))
        outcomes = {
            outcome.student: outcome
            for outcome in grade(course, lab, progress, jobs=jobs, **options)
        }
        faults = [f"{name}: {o.fault}" for name, o in outcomes.items() if o.fault]
        yield Finding("Every notebook was graded", faults)

        found = read_scores(course, lab)
        for student, scores in zip(found.students, found.scores):
            reached = dict(zip(found.cells, scores))
            for variant in students[student]:
                yield Finding(
                    f"{variant.name} loses what it should",
                    _differences(points, reached, variant, students[student]),
                )
        for student, outcome in outcomes.items():
            for variant in students[student]:
                if words := variant.reported:
                    seen = ", ".join(outcome.suspicions + outcome.notes)
                    problems = [] if words in seen else [f"{words!r} is not in {seen!r}"]
                    yield Finding(f"{variant.name} is reported", problems)
                else:
                    yield Finding(f"{variant.name} is not suspected", outcome.suspicions)
        yield Finding(
            "The release fails only because nothing is implemented",
            _other_errors(outcomes["release"]),
        )
        yield Finding(
            f"The solution passes every hidden check on {SEEDS} seeds",
            _failing_seeds(course, lab, source, options),
        )


def hand_in(course, lab, student, notebook):
    """Writes a notebook to a student's place in `submitted/`."""
    folder = course.labs / "submitted" / student / lab
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{lab}.ipynb")


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
    unknown = [f"there is no test cell {cell}" for cell in set(loses) - set(points)]
    others = {task for other in pack if other is not variant for task in other.tasks}
    expected = {
        cell: points[cell] - loses.get(cell, 0)
        for cell in points
        if variants.task_of(cell) not in others
    }
    return unknown + [
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


def _failing_seeds(course, lab, source, options):
    """Runs the solution once, and every hidden check on many seeds."""
    for cell in source.cells:
        if is_grade(cell) and not is_solution(cell):
            task = cell.metadata.nbgrader.grade_id.removesuffix("-check")
            calls = [f"check({lab!r}, {task!r}, globals(), {seed})" for seed in range(SEEDS)]
            cell.source = "\n".join(calls) if "check(" in cell.source else ""
    checks = (course.labs / "checks" / f"{lab}.py").read_text(encoding="utf-8")
    job = Job("solution", nbformat.writes(source), checks, sealed=options.get("sealed", True))
    return [
        f"{name}: {outcome.reason}"
        for name, outcome in execute(job).cells.items()
        if outcome.reason
    ]
