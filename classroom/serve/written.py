"""Written answers: one question over the whole class, with its solution, and grades for them."""

import hashlib
import html
import json
import math
import re
from dataclasses import dataclass

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)

from classroom.cleaning import clean_text
from classroom.compat.nbformat import read
from classroom.markdown import PICTURE, render_inert
from classroom.results.gradebook import read_names
from classroom.results.questions import question_of

LONGEST_COMMENT = 5000
# Headings of questions and answers stand below those of the page.
BELOW = 2
MARK = re.compile(r"^.*\b(BEGIN|END) (SOLUTION|MARK SCHEME)\b.*$", re.MULTILINE)


@dataclass(frozen=True)
class Question:
    """A question whose answers a person reads.

    Attributes:
        notebook: Name of its notebook.
        cell: Name of the cell that is graded.
        points: Points that it is worth.
        answers: Number of answers.
        waiting: Number of answers that wait for a person.
    """

    notebook: str
    cell: str
    points: float
    answers: int
    waiting: int


@dataclass(frozen=True)
class Rubric:
    """What answers are compared with.

    Attributes:
        title: The question's title.
        statement: The question, as HTML.
        solution: The instructor's solution or mark scheme, as HTML, or "".
    """

    title: str
    statement: str
    solution: str


@dataclass(frozen=True)
class Answer:
    """A student's answer.

    Attributes:
        student: Identifier of the student.
        name: Full name, or "".
        text: The answer, as HTML in which nothing of the student's runs.
        checksum: Checksum of the answer as it is shown.
        points: Points that it was given, by a person or else by its tests; None for none.
        comment: What a person remarked, or "".
        waiting: Whether it waits for a person.
    """

    student: str
    name: str
    text: str
    checksum: str
    points: float | None
    comment: str
    waiting: bool


class AnswerChanged(ValueError):
    """The answer is not the one that was read."""


def find_questions(course, lab):
    """Finds the questions of a lab that persons grade, in the lab's order.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        List of `Question`s: those without tests, and those of which an answer waits for a person,
        such as one that was graded by hand and handed in anew.

    Raises:
        ValueError: if the gradebook does not know the lab.
    """
    with course.gradebook(lab) as gradebook:
        try:
            notebooks = gradebook.find_assignment(lab).notebooks
        except MissingEntry:
            raise ValueError(f"The gradebook knows no lab {lab!r}.") from None
        counted = {}
        columns = (Notebook.name, BaseCell.name, Grade.needs_manual_grade)
        for notebook, cell, waits in _of_lab(gradebook, lab, Grade).with_entities(*columns):
            answers, waiting = counted.get((notebook, cell), (0, 0))
            counted[notebook, cell] = answers + 1, waiting + bool(waits)
        questions = []
        for notebook in sorted(notebooks, key=lambda notebook: notebook.name):
            solutions = {cell.name for cell in notebook.solution_cells}
            by_hand = {cell.name for cell in notebook.task_cells} | solutions
            graded = {cell.name: cell for cell in (*notebook.grade_cells, *notebook.task_cells)}
            for source in notebook.source_cells:
                answers, waiting = counted.get((notebook.name, source.name), (0, 0))
                if source.name in graded and (source.name in by_hand or waiting):
                    points = graded[source.name].max_score
                    questions.append(Question(notebook.name, source.name, points, answers, waiting))
        return questions


def read_rubric(course, lab, question):
    """Reads a question and its solution from the lab's source.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        question: A `Question`.

    Returns:
        A `Rubric`; without statement and solution if the source is missing.
    """
    title = question.cell.replace("_", " ")
    path = course.labs / "source" / lab / f"{question.notebook}.ipynb"
    cells = read(path, as_version=4).cells if path.exists() else []
    number = next((n for n, cell in enumerate(cells) if _name(cell) == question.cell), None)
    if number is None:
        return Rubric(title, "", "")
    before = [cell.source for cell in cells[:number] if cell.cell_type == "markdown"]
    statement = before[-1] if before else ""
    solution = _show_cells([cells[n] for n in _find_answer(cells, question.cell)], _solution)
    if cells[number].metadata.nbgrader.get("task"):
        statement, *scheme = MARK.split(cells[number].source)[::3]
        solution = render_inert("\n".join(scheme[:1]), below=BELOW)
    if heading := re.search(r"^#+ +(.+)$", statement, re.MULTILINE):
        title, statement = heading[1].strip(), statement.replace(heading[0], "", 1)
    return Rubric(title, render_inert(statement, below=BELOW, escape=False), solution)


def read_answers(course, lab, question):
    """Reads all answers to a question.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        question: A `Question`.

    Returns:
        List of `Answer`s, in an order that says nothing about the students and does not change. An
        answer whose notebook is not in `autograded/`, because it is being graded, is left out.
    """
    answers, names = [], read_names(course, lab)
    with course.gradebook(lab) as gradebook:
        comments = _find_comments(gradebook, lab, question)
        for student, grade in _find_grades(gradebook, lab, question).items():
            found = _read_answer(course, lab, question, student)
            if found is None:
                continue
            text, checksum = found
            comment = comments.get(student)
            answers.append(
                Answer(
                    student=student,
                    name=names[student],
                    text=text,
                    checksum=checksum,
                    points=grade.auto_score if grade.manual_score is None else grade.manual_score,
                    comment=(comment.manual_comment if comment else "") or "",
                    waiting=bool(grade.needs_manual_grade),
                )
            )
    return sorted(answers, key=lambda answer: _hash(question.cell, answer.student))


def save_grade(course, lab, question, student, *, points, comment, checksum):
    """Gives an answer its points and a comment, both or neither, as formgrader does.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        question: A `Question`.
        student: Identifier of the student.
        points: Points as they were typed, with a point or a comma; "" takes them back.
        comment: The comment, or "".
        checksum: Checksum of the answer that was read.

    Returns:
        Whether the answer waits for a person now.

    Raises:
        ValueError: if there is no such answer, or the points are not from 0 to the question's.
        AnswerChanged: if another answer has been handed in since.
    """
    given = _parse_points(points, question.points)
    with course.gradebook(lab) as gradebook:
        grade = _find_grades(gradebook, lab, question).get(student)
        found = _read_answer(course, lab, question, student)
        if grade is None or found is None:
            raise ValueError(f"There is no answer of {student!r} to {question.cell}.")
        if found[1] != checksum:
            raise AnswerChanged(
                "The student has handed in another answer since this page was opened. Reload the "
                "page and read it; nothing was saved."
            )
        grade.manual_score = given
        grade.needs_manual_grade = given is None and grade.auto_score is None
        if remark := _find_comments(gradebook, lab, question).get(student):
            remark.manual_comment = clean_text(comment, LONGEST_COMMENT).strip() or None
        gradebook.db.commit()
        return grade.needs_manual_grade


def _parse_points(typed, possible):
    if not typed.strip():
        return None
    try:
        points = float(typed.strip().replace(",", "."))
    except ValueError:
        points = math.nan
    if not 0 <= points <= possible:
        raise ValueError(f"Points are a number from 0 to {possible:g}, not {typed[:40]!r}.")
    return points


def _of_lab(gradebook, lab, table):
    """Query of all grades or comments of a lab."""
    return (
        gradebook.db.query(table)
        .join(BaseCell, BaseCell.id == table.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == table.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == lab)
    )


def _find_grades(gradebook, lab, question):
    """Dictionary from students to their `Grade`s in a question."""
    return _by_student(gradebook, lab, Grade, question.notebook, question.cell)


def _find_comments(gradebook, lab, question):
    """Dictionary from students to the `Comment`s on their answers to a question.

    The gradebook keeps none for tests, whose comments stand at the answer that they test.
    """
    found = _by_student(gradebook, lab, Comment, question.notebook, question_of(question.cell))
    return found | _by_student(gradebook, lab, Comment, question.notebook, question.cell)


def _by_student(gradebook, lab, table, notebook, cell):
    rows = _of_lab(gradebook, lab, table).filter(Notebook.name == notebook, BaseCell.name == cell)
    return {
        student: row
        for row, student in rows.with_entities(table, SubmittedAssignment.student_id).all()
    }


def _read_answer(course, lab, question, student):
    """The HTML of an answer and its checksum; None if its notebook is not there."""
    path = course.labs / "autograded" / student / lab / f"{question.notebook}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (FileNotFoundError, ValueError):  # it is being written
        return None
    shown = [cells[number] for number in _find_answer(cells, question.cell)]
    return _show_cells(shown), _hash(*(_source(cell) for cell in shown))


def _find_answer(cells, name):
    """Numbers of the cells that hold the answer which a graded cell is about."""
    names = [_name(cell) for cell in cells]
    if name not in names:
        return []
    number = names.index(name)
    if cells[number]["metadata"]["nbgrader"].get("task"):  # the answer is what stands below it
        end = next((n for n in range(number + 1, len(cells)) if names[n]), len(cells))
        return list(range(number + 1, end))
    return [names.index(question_of(name))] if question_of(name) in names else [number]


def _show_cells(cells, source=None):
    """Cells as HTML: what was written, and of what was shown, text and pictures."""
    shown, source = [], source or _source
    for cell in cells:
        if cell["cell_type"] == "markdown":
            shown.append(render_inert(source(cell), cell.get("attachments"), below=BELOW))
        else:
            shown.append(f"<pre><code>{html.escape(source(cell))}</code></pre>")
            shown += [_show_output(output) for output in cell.get("outputs", [])]
    return "\n".join(shown)


def _show_output(output):
    data = output.get("data", {})
    for kind in ("image/png", "image/jpeg"):
        address = f"data:{kind};base64,{_joined(data.get(kind, '')).strip()}"
        if PICTURE.fullmatch(address):
            return f'<img alt="Picture that the code drew" src="{address}">'
    text = _joined(output.get("text") or data.get("text/plain") or output.get("traceback") or "")
    return f"<pre>{html.escape(clean_text(text, LONGEST_COMMENT))}</pre>"


def _solution(cell):
    """The instructor's solution in a cell of the source: what stands between the marks, if any."""
    parts = MARK.split(_source(cell))[::3]
    return (parts[1] if len(parts) > 1 else parts[0]).strip()


def _name(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def _source(cell):
    return _joined(cell["source"])


def _joined(text):
    """Text that notebooks hold whole or as a list of lines."""
    return text if isinstance(text, str) else "".join(text)


def _hash(*texts):
    return hashlib.sha256("\0".join(texts).encode("utf-8", "replace")).hexdigest()
