"""Feedback for students: a page each, and the same as JSON, in nbgrader's `labs/feedback/`.

It is made from the scores, from the sentences in which checks name what is not met, and from what
persons remarked in formgrader. The outputs of the executed notebook, where a check could show its
inputs, are not looked at.
"""

import json
from dataclasses import asdict, dataclass

from classroom.pages import render
from classroom.results.class_results import read_results
from classroom.results.gradebook import read_comments
from classroom.results.questions import question_of


@dataclass(frozen=True)
class QuestionFeedback:
    """Feedback on a question.

    Attributes:
        question: Name of the question.
        points: Points that it is worth.
        score: Points reached; None where a person has to grade first.
        reasons: Why points were lost, in words.
        comments: What persons remarked.
    """

    question: str
    points: float
    score: float | None
    reasons: list[str]
    comments: list[str]


@dataclass(frozen=True)
class Feedback:
    """Feedback on a submission.

    Attributes:
        student: Identifier of the student.
        name: Full name, or "".
        fault: Why it could not be graded, or "".
        possible: Points that the lab is worth.
        total: Points so far, less the penalty; None if it could not be graded.
        penalty: Points taken off for handing in late.
        is_final: Whether no answer waits for a person.
        questions: List of `QuestionFeedback`s; empty if it could not be graded.
        notes: What was odd and how it was mended.
    """

    student: str
    name: str
    fault: str
    possible: float
    total: float | None
    penalty: float
    is_final: bool
    questions: list[QuestionFeedback]
    notes: list[str]


def read_feedback(course, lab):
    """Puts the feedback on all submissions of a lab together.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        List of `Feedback`s, by student. Submissions that nobody tried to grade yet have none.

    Raises:
        ValueError: if the gradebook does not know the lab, or nothing of it was graded.
    """
    results = read_results(course, lab)
    comments = read_comments(course, lab)
    return [
        Feedback(
            result.student,
            result.name,
            result.fault,
            results.possible,
            result.total,
            result.penalty,
            result.is_final,
            []
            if result.fault
            else _read_questions(results, result, comments.get(result.student, {})),
            result.outcome.notes if result.outcome else [],
        )
        for result in results.students
        if result.outcome or not result.fault
    ]


def write_feedback(course, lab):
    """Writes the feedback on all submissions of a lab to `feedback/STUDENT/LAB/`.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        List of the pages' paths. Beside each lies the same as JSON.

    Raises:
        ValueError: if the gradebook does not know the lab, or nothing of it was graded.
    """
    pages = []
    for feedback in read_feedback(course, lab):
        folder = course.labs / "feedback" / feedback.student / lab
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(asdict(feedback), indent=2)
        (folder / f"{lab}.json").write_text(content, encoding="utf-8")
        page = folder / f"{lab}.html"
        page.write_text(make_page(lab, feedback), encoding="utf-8")
        pages.append(page)
    return pages


def make_page(lab, feedback):
    """Makes a student's page.

    Args:
        lab: Name of the lab.
        feedback: A `Feedback`.

    Returns:
        The page, whole in one string.
    """
    return render("feedback.html", lab=lab, feedback=feedback)


def _read_questions(results, result, comments):
    outcomes = result.outcome.cells if result.outcome else {}
    questions = []
    for question, cells in results.questions.items():
        score, points = result.scores[question], results.points[question]
        reasons = [outcomes[cell].reason for cell in cells if cell in outcomes]
        remarks = [comment for cell, comment in comments.items() if question_of(cell) == question]
        lines = [line for reason in reasons for line in reason.splitlines()]
        lost = [] if score == points else list(dict.fromkeys(filter(None, lines)))
        questions.append(QuestionFeedback(question, points, score, lost, remarks))
    return questions
