import csv
import html.parser
import re
import shutil
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from scipy.stats import pointbiserialr

from classroom.course import Course
from classroom.grading.grade_class import grade
from classroom.reports.class_report import _analyse, write_report
from classroom.results import outcomes
from classroom.results.class_results import Result, Results
from classroom.results.outcomes import CellOutcome, Outcome

pytestmark = pytest.mark.services


@pytest.fixture(scope="module")
def graded_once(released_lab, tmp_path_factory):
    """A class of three: a right answer, a wrong one, and a file that is no notebook."""
    root = tmp_path_factory.mktemp("graded") / "course"
    lab = Course(shutil.copytree(released_lab.root, root))
    notebook = nbformat.read(lab.released("tiny"), as_version=4)
    files = {"cy": "<script>alert(1)</script>"}
    for student, factor in (("ada", 2), ("bob", 3)):
        notebook.cells[0].source = f"def double(x):\n    return {factor} * x"
        files[student] = nbformat.writes(notebook)
    for student, content in files.items():
        folder = lab.labs / "submitted" / student / "tiny"
        folder.mkdir(parents=True)
        (folder / "tiny.ipynb").write_text(content)
    grade(lab, "tiny")
    with lab.gradebook("tiny") as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="<b>Lovelace</b>")
    return lab


@pytest.fixture
def graded(graded_once, tmp_path):
    """The class, to write in."""
    return Course(shutil.copytree(graded_once.root, tmp_path / "course"))


class Text(html.parser.HTMLParser):
    """Collects a page's text and its tags."""

    def __init__(self, page):
        super().__init__()
        self.text, self.tags = [], []
        self.feed(page)

    def handle_data(self, data):
        self.text.append(data)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)


def test_the_table_holds_every_student(graded):
    _, table = write_report(graded, "tiny")
    rows = {row["student"]: row for row in csv.DictReader(table.open(encoding="utf-8-sig"))}
    assert (rows["ada"]["double"], rows["ada"]["total"]) == ("3", "3")
    assert (rows["bob"]["double"], rows["bob"]["total"]) == ("0", "0")
    assert rows["ada"]["name"] == "Ada <b>Lovelace</b>"
    assert (rows["cy"]["double"], rows["cy"]["total"]) == ("", "")
    assert "no notebook" in rows["cy"]["fault"]


def test_the_page_holds_distribution_questions_and_faults(graded):
    page, _ = write_report(graded, "tiny")
    parsed = Text(page.read_text(encoding="utf-8"))
    text = " ".join(" ".join(parsed.text).split())
    assert "3 students, 2 graded, 1 not graded" in text
    assert "Mean 1.5, lowest 0, highest 3 of 4 points" in text
    assert "double 3 50 % 50 % 50 % 0" in text
    assert "The class is too small for it: 2 graded submissions, 10 are needed." in text
    assert re.search(r"cy 'tiny.ipynb' is .* no notebook", text)
    assert "No hidden check judges double-tests: the points of these cells are what" in text
    assert parsed.tags.count("svg") == 2


def test_the_page_names_what_was_odd(graded):
    bob = outcomes.read(graded, "tiny", "bob")
    outcomes.write(
        graded, "tiny", replace(bob, notes=["It was mended."], hints=["cell <i>: runs code"])
    )
    page, _ = write_report(graded, "tiny")
    text = " ".join(" ".join(Text(page.read_text(encoding="utf-8")).text).split())
    assert "Worth a look These are hints from reading the code" in text
    assert "They prove nothing and have cost no points" in text
    assert "student what the code holds bob cell <i>: runs code" in text
    assert "how it was mended student notes bob It was mended." in text


def test_late_penalties_are_shown(graded):
    with graded.gradebook("tiny") as gradebook:
        submission = gradebook.find_submission_notebook("tiny", "tiny", "ada")
        submission.late_submission_penalty = 0.5
        gradebook.db.commit()
    page, table = write_report(graded, "tiny")
    rows = {row["student"]: row for row in csv.DictReader(table.open(encoding="utf-8-sig"))}
    assert (rows["ada"]["late penalty"], rows["ada"]["total"]) == ("0.5", "2.5")
    text = " ".join(" ".join(Text(page.read_text(encoding="utf-8")).text).split())
    assert "1 handed in late" in text
    assert "3 0 −0.5 2.5" in text


def test_the_page_needs_nothing_from_elsewhere(graded):
    page, _ = write_report(graded, "tiny")
    content = re.sub(r'xmlns(:\w+)?="[^"]*"', "", page.read_text(encoding="utf-8"))
    content = re.sub(r"<!DOCTYPE[^>]*>|<metadata>.*?</metadata>", "", content, flags=re.DOTALL)
    assert "//" not in content


def test_names_and_files_cannot_write_into_the_page(graded):
    page, _ = write_report(graded, "tiny")
    content = page.read_text(encoding="utf-8")
    assert "<script" not in content
    assert "<b>" not in content


def test_the_page_is_the_same_each_time(graded):
    first = write_report(graded, "tiny")[0].read_bytes()
    assert write_report(graded, "tiny")[0].read_bytes() == first


def make_class(scores):
    """Results of a class: an array of the points in each question, `(students, questions)`."""
    questions = [f"q{number}" for number in range(scores.shape[1])]
    students = [
        Result(
            str(number),
            "",
            "",
            dict(zip(questions, row)),
            row.sum(),
            0.0,
            Outcome(str(number), "", 1.0, "", "", cells={"q0-check": CellOutcome(number, "")}),
        )
        for number, row in enumerate(scores)
    ]
    cells = {question: [f"{question}-check"] for question in questions}
    return Results(cells, dict.fromkeys(questions, 1.0), students)


def test_discrimination_is_the_correlation_with_the_other_questions():
    rng = np.random.default_rng(0)
    ability = rng.normal(size=200)
    noise = rng.normal(size=(200, 3))
    scores = (np.stack([ability, ability, 0 * ability], axis=1) + 0.5 * noise > 0).astype(float)
    found = [_analyse(make_class(scores), f"q{number}") for number in range(3)]
    expected = pointbiserialr(scores[:, 0], scores[:, 1] + scores[:, 2]).statistic
    assert found[0]["discrimination"] == pytest.approx(expected)
    assert found[0]["discrimination"] > 0.4
    assert abs(found[2]["discrimination"]) < 0.2
    assert found[0]["rate"] == pytest.approx(scores[:, 0].mean())


def test_discrimination_needs_a_class_and_points_that_differ():
    scores = np.eye(10)[:, :3]
    assert _analyse(make_class(scores[:9]), "q0")["discrimination"] is None
    assert _analyse(make_class(scores), "q0")["discrimination"] < 0
    scores[:, 0] = 1
    assert _analyse(make_class(scores), "q0")["discrimination"] is None


def test_time_is_a_median_with_quartiles():
    results = make_class(np.ones((5, 2)))
    assert list(_analyse(results, "q0")["seconds"]) == [1, 2, 3]
    assert _analyse(results, "q1")["seconds"] is None


def test_nothing_to_report_is_explained(lab):
    with pytest.raises(ValueError, match="course grade tiny"):
        write_report(lab, "tiny")
