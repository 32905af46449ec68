"""Questions over all students, and the grades that persons give."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from classroom.results.gradebook import read_comments, read_scores
from classroom.serve import written
from classroom.serve.written import AnswerChanged, Question
from tests.classroom.serve.conftest import ANSWERS, hand_over, place


@pytest.fixture
def why(waiting):
    (question,) = written.find_questions(waiting, "tiny")
    return question


def find(course, question, student):
    answers = written.read_answers(course, "tiny", question)
    return next(answer for answer in answers if answer.student == student)


def save(course, question, student, points, comment=""):
    checksum = find(course, question, student).checksum
    given = {"points": points, "comment": comment, "checksum": checksum}
    return written.save_grade(course, "tiny", question, student, **given)


def find_grade(course, student, cell="why"):
    with course.gradebook("tiny") as gradebook:
        grade = gradebook.find_grade(cell, "tiny", "tiny", student)
        return grade.manual_score, grade.needs_manual_grade


def test_a_written_question_is_shown_with_its_solution_and_all_answers(waiting, why):
    assert why == Question("tiny", "why", 1, 3, 3)
    rubric = written.read_rubric(waiting, "tiny", why)
    assert rubric.title == "Task 2: the mean"
    assert "<p>Why <math" in rubric.statement
    assert rubric.solution.startswith("<p>Because <math")
    assert "SOLUTION" not in rubric.solution
    answers = written.read_answers(waiting, "tiny", why)
    assert {answer.student for answer in answers} == set(ANSWERS)
    ada = find(waiting, why, "ada")
    assert "<mfrac><mn>1</mn>" in ada.text.replace("<mrow>", "").replace("</mrow>", "")
    assert (ada.name, ada.points, ada.comment, ada.waiting) == ("Ada", None, "", True)


def test_the_order_of_answers_stays_and_is_not_that_of_names(waiting, why):
    for number in range(8):
        hand_over(waiting, f"student{number}", "It is.")
    order = [answer.student for answer in written.read_answers(waiting, "tiny", why)]
    assert order != sorted(order)
    save(waiting, why, order[3], "1")
    assert [answer.student for answer in written.read_answers(waiting, "tiny", why)] == order


def test_a_grade_is_stored_as_formgrader_stores_it(waiting, why):
    assert save(waiting, why, "ada", "0,5", " More \x1b[31mwords.\x00 ") is False
    assert find_grade(waiting, "ada") == (0.5, False)
    assert read_comments(waiting, "tiny")["ada"] == {"why": "More words.\ufffd"}
    scores = read_scores(waiting, "tiny")
    assert dict(zip(scores.students, scores.totals)) == {"ada": 3.5, "bob": 3, "eve": 3}
    assert written.find_questions(waiting, "tiny")[0].waiting == 2
    assert find(waiting, why, "ada").points == 0.5


def test_a_grade_can_be_taken_back(waiting, why):
    save(waiting, why, "ada", "1", "Good.")
    assert save(waiting, why, "ada", " ", "") is True
    assert find_grade(waiting, "ada") == (None, True)
    assert read_comments(waiting, "tiny") == {}


@pytest.mark.parametrize("points", ["1.5", "-1", "nan", "inf", "one", "1;2"])
def test_points_that_there_are_not_save_nothing(waiting, why, points):
    with pytest.raises(ValueError, match="Points are a number from 0 to 1, not"):
        save(waiting, why, "ada", points, "A comment.")
    assert find_grade(waiting, "ada") == (None, True)
    assert read_comments(waiting, "tiny") == {}


def test_an_answer_that_was_not_read_gets_no_grade(waiting, why):
    checksum = find(waiting, why, "ada").checksum
    hand_over(waiting, "ada", "Another answer.")
    with pytest.raises(AnswerChanged, match="another answer"):
        written.save_grade(waiting, "tiny", why, "ada", points="1", comment="", checksum=checksum)
    assert find_grade(waiting, "ada") == (None, True)
    with pytest.raises(ValueError, match=r"no answer of '\.\./ada'"):
        written.save_grade(
            waiting, "tiny", why, "../ada", points="1", comment="", checksum=checksum
        )


def test_a_notebook_that_is_being_written_is_left_out(waiting, why):
    place(waiting, "ada").write_text('{"cells": [')
    place(waiting, "bob").unlink()
    assert [a.student for a in written.read_answers(waiting, "tiny", why)] == ["eve"]


def test_points_of_tests_that_a_person_changed_wait_once_handed_in_anew(waiting):
    """nbgrader asks for a second look; the queue shows the code, and can give it up again."""
    with waiting.gradebook("tiny") as gradebook:
        grade = gradebook.find_grade("double-check", "tiny", "tiny", "ada")
        grade.manual_score, grade.needs_manual_grade = 1.5, True
        gradebook.db.commit()
    tests, _ = written.find_questions(waiting, "tiny")
    assert tests == Question("tiny", "double-check", 2, 3, 1)
    ada = find(waiting, tests, "ada")
    assert (ada.points, ada.waiting) == (1.5, True)
    assert "def double(x):" in ada.text
    assert save(waiting, tests, "ada", "", "As your tests say.") is False
    assert find_grade(waiting, "ada", "double-check") == (None, False)
    assert read_comments(waiting, "tiny")["ada"] == {"double": "As your tests say."}
    assert [question.cell for question in written.find_questions(waiting, "tiny")] == ["why"]


def test_an_answer_to_a_task_is_what_stands_below_it(waiting):
    notebook = nbformat.read(waiting.source("tiny"), as_version=4)
    scheme = "=== BEGIN MARK SCHEME ===\nOne point for *axes*.\n=== END MARK SCHEME ==="
    about = {"grade_id": "why", "task": True, "grade": False, "solution": False}
    notebook.cells[-1] = new_markdown_cell(
        f"# Draw\n\nDraw it.\n\n{scheme}", id="why", metadata={"nbgrader": about}
    )
    nbformat.write(notebook, waiting.source("tiny"))
    output = new_output("display_data", {"image/png": "iVBORw0KGgo=" + "A" * 20_000})
    for kind, source in ((new_code_cell, "draw('<b>')"), (new_markdown_cell, "See *there*.")):
        notebook.cells.append(kind(source))
    notebook.cells[-2].outputs = [output, new_output("stream", text="<i>\x1b[0m drawn")]
    nbformat.write(notebook, place(waiting, "ada"))
    question = Question("tiny", "why", 1, 3, 3)
    rubric = written.read_rubric(waiting, "tiny", question)
    assert (rubric.title, rubric.statement) == ("Draw", "<p>Draw it.</p>\n")
    assert rubric.solution == "<p>One point for <em>axes</em>.</p>\n"
    text = find(waiting, question, "ada").text
    assert "draw(&#x27;&lt;b&gt;&#x27;)" in text
    assert 'src="data:image/png;base64,iVBORw0KGgo' in text
    assert "<pre>&lt;i&gt; drawn</pre>" in text
    assert "<em>there</em>" in text
    assert "Draw it" not in text


def test_an_unknown_lab_is_named(waiting):
    with pytest.raises(ValueError, match="no lab 'other'"):
        written.find_questions(waiting, "other")
