"""Feedback for students: a page each, and the same as JSON, in nbgrader's `labs/feedback/`.

It is made from the scores, from the sentences in which checks name what is not met, from what
persons remarked in formgrader, and from the student's own answers. The outputs of the executed
notebook, where a check could show its inputs, are not looked at.
"""

import json
from dataclasses import asdict, dataclass

from classroom.catalogue.labs import name_cell
from classroom.cleaning import clean_text
from classroom.pages import render
from classroom.results.class_results import read_results
from classroom.results.gradebook import read_comments, read_hand_in_times
from classroom.results.questions import question_of
from classroom.results.titles import read_titles

LONGEST_ANSWER = 50_000  # characters that are shown


@dataclass(frozen=True)
class Answer:
    """What a student wrote into a cell.

    Attributes:
        kind: `"code"` or `"markdown"`.
        text: The text.
    """

    kind: str
    text: str


@dataclass(frozen=True)
class QuestionFeedback:
    """Feedback on a question.

    Attributes:
        question: Name of the question.
        points: Points that it is worth.
        score: Points reached; None where a person has to grade first.
        reasons: Why points were lost, in words.
        comments: What persons remarked.
        title: Title of the question in the lab, or "".
        answers: List of `Answer`s: what the student's cells of the question hold.
    """

    question: str
    points: float
    score: float | None
    reasons: list[str]
    comments: list[str]
    title: str
    answers: list[Answer]


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
        title: Title of the lab, or "".
        handed_in: When it was handed in, in ISO 8601, or "".
        graded: When it was graded, in ISO 8601, or "".
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
    title: str
    handed_in: str
    graded: str


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
    comments, titles = read_comments(course, lab), read_titles(course, lab)
    times = read_hand_in_times(course, lab)
    given = []
    for result in results.students:
        if result.fault and not result.outcome:
            continue
        questions = []
        if not result.fault:
            answers = _read_answers(course, lab, result.student)
            remarks = comments.get(result.student, {})
            questions = _read_questions(results, result, remarks, titles, answers)
        time = times.get(result.student)
        given.append(
            Feedback(
                result.student,
                result.name,
                result.fault,
                results.possible,
                result.total,
                result.penalty,
                result.is_final,
                questions,
                result.outcome.notes if result.outcome else [],
                titles.lab,
                time.isoformat() if time else "",
                result.outcome.graded if result.outcome else "",
            )
        )
    return given


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


def _read_answers(course, lab, student):
    """A dictionary from questions to the student's `Answer`s, from what was graded."""
    answers, names = {}, course.notebook_names(lab)
    for name in names:
        path = course.labs / "autograded" / student / lab / f"{name}.ipynb"
        if not path.exists():
            continue
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            about = cell["metadata"].get("nbgrader", {})
            text = clean_text("".join(cell["source"]), LONGEST_ANSWER)
            if about.get("solution") and text.strip():
                question = question_of(name_cell(names, name, about["grade_id"]))
                answers.setdefault(question, []).append(Answer(cell["cell_type"], text))
    return answers


def _read_questions(results, result, comments, titles, answers):
    outcomes = result.outcome.cells if result.outcome else {}
    questions = []
    for question, cells in results.questions.items():
        score, points = result.scores[question], results.points[question]
        reasons = [outcomes[cell].reason for cell in cells if cell in outcomes]
        remarks = [comment for cell, comment in comments.items() if question_of(cell) == question]
        lines = [line for reason in reasons for line in reason.splitlines()]
        lost = [] if score == points else list(dict.fromkeys(filter(None, lines)))
        title, wrote = titles.questions.get(question, ""), answers.get(question, [])
        questions.append(QuestionFeedback(question, points, score, lost, remarks, title, wrote))
    return questions
