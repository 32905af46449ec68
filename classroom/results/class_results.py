"""What a class reached: the gradebook's scores, together with what became of each submission."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from classroom.cleaning import clean_text
from classroom.pages import write_points
from classroom.results import outcomes
from classroom.results.gradebook import read_earlier, read_names, read_scores
from classroom.results.questions import question_of


@dataclass(frozen=True)
class Result:
    """What a student reached in a lab.

    Attributes:
        student: Identifier of the student.
        name: Full name, or "".
        fault: Why the submission is not graded, or "".
        scores: Dictionary from each question to the points reached; None where the submission is
            not graded or a person has to grade first.
        total: Points so far, less the penalty; None if the submission is not graded.
        penalty: Points taken off for handing in late.
        outcome: The `Outcome`; None if `course grade` did not grade the submission.
        earlier: What a person gave to answers that the student has replaced since, in words.
    """

    student: str
    name: str
    fault: str
    scores: dict[str, float | None]
    total: float | None
    penalty: float
    outcome: outcomes.Outcome | None
    earlier: tuple[str, ...] = ()

    @property
    def is_final(self):
        """Whether it is graded, and no answer waits for a person."""
        return self.total is not None and None not in self.scores.values()


class Results(NamedTuple):
    """What a class reached in a lab.

    Attributes:
        questions: Dictionary from each question to the names of its graded cells.
        points: Dictionary from each question to the points that it is worth.
        students: The `Result`s, by student.
    """

    questions: dict[str, list[str]]
    points: dict[str, float]
    students: list[Result]

    @property
    def possible(self):
        """Points that the lab is worth."""
        return sum(self.points.values())

    @property
    def graded(self):
        """The `Result`s of the submissions that are graded."""
        return [result for result in self.students if result.total is not None]


def read_results(course, lab):
    """Reads what a class reached.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        `Results`, with every student who has a submission that was graded or should have been.

    Raises:
        ValueError: if the gradebook does not know the lab, or nothing of it was graded.
    """
    found = read_scores(course, lab)
    last = {outcome.student: outcome for outcome in outcomes.read_all(course, lab)}
    if not found.students and not last:
        raise ValueError(f"Nothing of the lab {lab!r} was graded; run `course grade {lab}` first.")
    questions, names = found.questions(), read_names(course, lab)
    rows = {student: number for number, student in enumerate(found.students)}
    earlier = {}
    for (student, cell), given in read_earlier(course, lab).items():
        earlier.setdefault(student, []).append(_describe_earlier(cell, given))
    students = []
    for student in sorted({*rows, *last}):
        outcome = last.get(student)
        scores = (
            found.scores[rows[student]] if student in rows else np.full(len(found.cells), np.nan)
        )
        fault = outcome.fault if outcome else ""
        if not fault and np.isnan(scores).all():
            fault = f"It is not graded yet; run `course grade {lab}`."
        penalty = 0.0 if fault else float(found.penalties[rows[student]])
        students.append(
            Result(
                student,
                names.get(student, ""),
                fault,
                {
                    question: None
                    if fault or np.isnan(scores[cells]).any()
                    else scores[cells].sum()
                    for question, cells in questions.items()
                },
                None if fault else max(0.0, float(np.nansum(scores)) - penalty),
                penalty,
                outcome,
                tuple(earlier.get(student, ())),
            )
        )
    return Results(
        {question: [found.cells[cell] for cell in cells] for question, cells in questions.items()},
        {question: float(found.points[cells].sum()) for question, cells in questions.items()},
        students,
    )


def _describe_earlier(cell, given):
    points = "" if given.points is None else f"{write_points(given.points)} points"
    parts = [question_of(cell), points, clean_text(given.comment)]
    return ": ".join(filter(None, parts))
