"""What pages, JSON and tables show of a class whose gradebook was filled without running it."""

import json
import re

import nbformat
import pytest

from classroom.reports.class_report import write_report
from classroom.reports.export import write
from classroom.reports.student_feedback import write_feedback
from classroom.results import outcomes
from classroom.results.outcomes import CellOutcome, Outcome

RED = "\x1b[31mred\x1b[0m"


@pytest.fixture
def graded(lab):
    """One student, whose notebook, name, comment and reasons hold colours of a terminal."""
    source = nbformat.read(lab.source("tiny"), as_version=4)
    source.cells.insert(
        0, nbformat.v4.new_markdown_cell("# A tiny lab\n## Task 1: twice (3 points)")
    )
    nbformat.write(source, lab.source("tiny"))
    with lab.gradebook("tiny") as gradebook:
        gradebook.update_or_create_student("ada", first_name=RED, last_name="Berg")
        gradebook.update_or_create_submission("tiny", "ada", timestamp="2026-11-20 12:30 UTC")
        scores = {"double-tests": 1, "double-check": 0, "why": 1}
        for cell, score in scores.items():
            gradebook.find_grade(cell, "tiny", "tiny", "ada").auto_score = score
        gradebook.find_comment("why", "tiny", "tiny", "ada").manual_comment = RED
        gradebook.db.commit()
    notebook = nbformat.read(lab.released("tiny"), as_version=4)
    notebook.cells[0].source = f"def double(x):\n    return '<b>{RED}'"
    folder = lab.labs / "autograded" / "ada" / "tiny"
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "tiny.ipynb")
    cells = {"double-check": CellOutcome(0.1, f"It is {RED}.")}
    outcome = Outcome("ada", "", 1.0, "", "", [RED], [RED], cells, "2026-11-21T08:00:00+00:00")
    outcomes.write(lab, "tiny", outcome)
    return lab


def test_no_colours_of_terminals_are_shown(graded):
    (page,) = write_feedback(graded, "tiny")
    content = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    report, table = write_report(graded, "tiny")
    texts = [file.read_text(encoding="utf-8") for file in (page, report, table)]
    texts += [json.dumps(content, ensure_ascii=False)]
    texts += [write(graded, "tiny", format="moodle").read_text(encoding="utf-8")]
    for text in texts:
        assert "red" in text
        assert re.findall(r"\x1b|\ufffd|\[\d+m", text) == []
    assert content["name"] == "red Berg"
    assert content["questions"][0]["reasons"] == ["It is red."]


def test_feedback_shows_titles_answers_and_times(graded, monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    (page,) = write_feedback(graded, "tiny")
    content = json.loads(page.with_suffix(".json").read_text(encoding="utf-8"))
    page = page.read_text(encoding="utf-8")
    double, why = content["questions"]
    assert (content["title"], double["title"]) == ("A tiny lab", "Task 1: twice")
    assert double["answers"] == [{"kind": "code", "text": "def double(x):\n    return '<b>red'"}]
    assert why["answers"] == [{"kind": "markdown", "text": "YOUR ANSWER HERE"}]
    assert content["handed_in"] == "2026-11-20T12:30:00+00:00"
    assert content["graded"] == "2026-11-21T08:00:00+00:00"
    assert "<h2>Task 1: twice</h2>" in page
    assert "return &#39;&lt;b&gt;red&#39;</pre>" in page
    assert re.search(
        r'datetime="2026-11-20T12:30:00\+00:00">2026-11-2\d \d\d:\d\d \S+</time>', page
    )


def test_only_the_table_begins_with_the_mark_of_utf_8(graded):
    mark = b"\xef\xbb\xbf"
    assert write(graded, "tiny").read_bytes().startswith(mark + b"student,name,")
    for format in ("canvas", "moodle"):
        assert not write(graded, "tiny", format=format).read_bytes().startswith(mark)


def test_wide_tables_scroll_by_keyboard_and_have_names(graded):
    report, _ = write_report(graded, "tiny")
    wide = re.findall(r'<div class="wide"[^>]*>', report.read_text(encoding="utf-8"))
    assert len(wide) == 2
    for attribute in ('role="region"', 'tabindex="0"', 'aria-label="Table of '):
        assert all(attribute in tag for tag in wide)
