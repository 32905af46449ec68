import csv
import html.parser

import pytest

from course_lib.classroom.grading import grade
from course_lib.classroom.report import write_report

pytestmark = pytest.mark.services


@pytest.fixture
def graded(lab, hand_in):
    """A class of three: a right answer, a wrong one, and a file that is no notebook."""
    hand_in("ada", "def double(x):\n    return 2 * x")
    hand_in("bob", "def double(x):\n    return 3 * x")
    hand_in("cy", raw="<script>alert(1)</script>")
    grade(lab, "tiny")
    with lab.gradebook("tiny") as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="<b>Lovelace</b>")
    return lab


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
    rows = {row["student"]: row for row in csv.DictReader(table.open(encoding="utf-8"))}
    assert (rows["ada"]["double"], rows["ada"]["total"]) == ("3", "3")
    assert (rows["bob"]["double"], rows["bob"]["total"]) == ("0", "0")
    assert rows["ada"]["name"] == "Ada <b>Lovelace</b>"
    assert (rows["cy"]["double"], rows["cy"]["total"]) == ("", "")
    assert "NotJSONError" in rows["cy"]["fault"]


def test_the_page_holds_distribution_questions_and_faults(graded):
    page, _ = write_report(graded, "tiny")
    parsed = Text(page.read_text(encoding="utf-8"))
    text = " ".join(" ".join(parsed.text).split())
    assert "3 students, 2 graded, 1 not graded" in text
    assert "Mean 1.5, lowest 0, highest 3 of 4 points" in text
    assert "double 3 50 % 50 % 50 % 0" in text
    assert "cy NotJSONError" in text
    assert parsed.tags.count("svg") == 2


def test_names_and_files_cannot_write_into_the_page(graded):
    page, _ = write_report(graded, "tiny")
    content = page.read_text(encoding="utf-8")
    assert "<script" not in content
    assert "<b>" not in content


def test_the_page_is_the_same_each_time(graded):
    first = write_report(graded, "tiny")[0].read_bytes()
    assert write_report(graded, "tiny")[0].read_bytes() == first


def test_nothing_to_report_is_explained(lab):
    with pytest.raises(ValueError, match="course grade tiny"):
        write_report(lab, "tiny")
