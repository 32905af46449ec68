"""Proof that a lab grades as it says: every variant gets exactly the score that it should get."""

import tempfile
from pathlib import Path
from typing import NamedTuple

import nbformat
import numpy as np

from course_lib.classroom import variants
from course_lib.classroom.gradebook import read_scores
from course_lib.classroom.grading import execute, grade
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


def verify(course, lab, jobs=1, progress=lambda outcome, left: None):
    """Verifies a lab in a copy of the course.

    The release is the same each time and shows nothing of solutions and checks; the solution gets
    all points, on twenty seeds of every check; the release gets none and fails only because nothing
    is implemented; every variant loses exactly the points that it says.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        jobs: Number of notebooks that run at the same time.
        progress: Function called with each notebook's `Outcome` and the number of notebooks left.

    Yields:
        `Finding`s.

    Raises:
        ValueError: for an unknown lab.
    """
    source = nbformat.read(course.source(lab), as_version=4)
    points = variants.points(source)
    answers = variants.read_all(course, lab)
    with tempfile.TemporaryDirectory() as folder:
        course = course.copy(Path(folder))
        first, second = release(course, lab).read_bytes(), release(course, lab).read_bytes()
        yield Finding(
            "The release is the same each time", [] if first == second else ["two releases differ"]
        )
        released = nbformat.reads(first.decode(), as_version=4)
        yield Finding("The release shows no solution and no hidden check", _leaks(source, released))

        hand_in(course, lab, "release", released)
        hand_in(course, lab, "solution", variants.answer(released, variants.solutions(source)))
        for variant in answers:
            solved = variants.answer(released, variants.solutions(source) | variant.answers)
            hand_in(course, lab, variant.name, solved)
        faults = [
            f"{o.student}: {o.fault}"
            for o in grade(course, lab, jobs, progress=progress)
            if o.fault
        ]
        yield Finding("Every notebook was graded", faults)

        loses = {"release": points, "solution": {}} | {
            variant.name: variant.loses for variant in answers
        }
        found = read_scores(course, lab)
        for student, scores in zip(found.students, found.scores):
            yield Finding(
                f"{student} loses what it should",
                _differences(found, points, scores, loses[student]),
            )
        yield Finding(
            "The release fails only because nothing is implemented", _other_errors(course, lab)
        )
        yield Finding(
            f"The solution passes every hidden check on {SEEDS} seeds",
            _failing_seeds(course, lab, source),
        )


def hand_in(course, lab, student, notebook):
    """Writes a notebook to a student's place in `submitted/`."""
    folder = course.labs / "submitted" / student / lab
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{lab}.ipynb")


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


def _differences(found, points, scores, loses):
    unknown = [f"there is no test cell {cell}" for cell in set(loses) - set(points)]
    expected = {cell: points[cell] - loses.get(cell, 0) for cell in points}
    reached = dict(zip(found.cells, scores))
    return unknown + [
        f"{cell} scored {reached[cell]:g}, should score {score:g}"
        for cell, score in expected.items()
        if not np.isclose(reached[cell], score)
    ]


def _other_errors(course, lab):
    graded = nbformat.read(
        course.labs / "autograded" / "release" / lab / f"{lab}.ipynb", as_version=4
    )
    return [
        f"{cell.id}: {output.ename}: {output.evalue}"
        for cell in graded.cells
        for output in cell.get("outputs", [])
        if output.output_type == "error" and output.ename != "NotImplementedError"
    ]


def _failing_seeds(course, lab, source):
    """Runs the solution once, then every hidden check on many seeds in its kernel."""
    tasks = [
        cell.removesuffix("-check") for cell in variants.points(source) if cell.endswith("-check")
    ]
    loop = f"""
for seed in range({SEEDS}):
    for task in {tasks}:
        try:
            check({lab!r}, task, globals(), seed)
        except Exception as error:
            print(f"{{task}} on seed {{seed}}: {{error}}")
"""
    source.cells.append(nbformat.v4.new_code_cell(loop))
    path = course.labs / f"{lab}.ipynb"
    nbformat.write(source, path)
    executed, _ = execute(course, [path])
    outputs = nbformat.reads(executed[path], as_version=4).cells[-1].outputs
    return [
        line
        for output in outputs
        for line in output.get("text", output.get("evalue", "")).splitlines()
    ]
