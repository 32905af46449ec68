"""Points and comments that a person gave to an answer which is another one now."""

import json

import nbformat
import pytest

from classroom.grading.attempt import Attempt
from classroom.grading.gradebook.earlier import Given, find_earlier
from classroom.grading.gradebook.record import record
from classroom.grading.prepare import Lab, prepare
from classroom.reports.class_report import write_report
from classroom.reports.export import write
from classroom.reports.student_feedback import write_feedback
from classroom.results import outcomes
from classroom.results.class_results import read_results
from classroom.results.gradebook import Earlier, read_earlier, read_scores
from classroom.results.outcomes import Outcome

RIGHT = "def double(x):\n    return 2 * x"


def outcome(earlier):
    return Outcome("ada", "", 0.0, "", "", earlier=earlier)


@pytest.mark.parametrize(
    ("given", "before", "last", "found"),
    [
        ((True, False, "Good."), {"why": "1"}, {}, {}),
        ((True, False, "Good."), {"why": "0"}, {}, {"why": "Good."}),
        ((True, False, "Good."), {}, {}, {}),  # nobody knows what it was given to
        ((False, False, "Good."), {"why": "0"}, {}, {"why": "Good."}),
        ((True, True, "Good."), {"why": "1"}, {"why": "Good."}, {"why": "Good."}),
        ((True, True, "New."), {"why": "1"}, {"why": "Good."}, {"why": "Good."}),
        ((True, False, "Good."), {"why": "1"}, {"why": "Good."}, {}),  # looked at since
        ((False, None, "Good."), {"why": "1"}, {"why": "Good."}, {"why": "Good."}),
        ((False, None, "New."), {"why": "1"}, {"why": "Good."}, {}),
    ],
)
def test_what_belongs_to_an_earlier_answer(given, before, last, found):
    given = {"why": Given(*given)}
    assert find_earlier(given, before, {"why": "1"}, outcome(last)) == found


def test_a_cell_without_an_answer_belongs_to_its_question_or_to_all_answers():
    given = {"double-check": Given(True, False, ""), "style": Given(True, False, "")}
    before, now = {"double": "0", "why": "1"}, {"double": "0", "why": "2"}
    assert find_earlier(given, before, now, None) == {"style": ""}
    assert find_earlier(given, {"double": "1", "why": "2"}, now, None) == {
        "double-check": "",
        "style": "",
    }


def give(lab, points, comment=None):
    """Gives points as formgrader does."""
    with lab.gradebook("tiny") as gradebook:
        found = gradebook.find_grade("why", "tiny", "tiny", "ada")
        found.manual_score, found.needs_manual_grade = points, False
        if comment:
            gradebook.find_comment("why", "tiny", "tiny", "ada").manual_comment = comment
        gradebook.db.commit()


def waits(lab):
    with lab.gradebook("tiny") as gradebook:
        return gradebook.find_grade("why", "tiny", "tiny", "ada").needs_manual_grade


def read_feedback_file(lab):
    (page,) = write_feedback(lab, "tiny")
    return page.read_text(), json.loads(page.with_suffix(".json").read_text())


@pytest.fixture
def answer_why(lab, answer):
    """Function that records the lab with an answer to its written question; nothing is run."""
    tiny = Lab(lab, "tiny")

    def hand_in(text, code=RIGHT):
        notebook = answer(code)
        notebook.cells[3].source = text
        folder = lab.labs / "submitted" / "ada" / "tiny"
        folder.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, folder / "tiny.ipynb")
        record(prepare(Attempt(outcome({})), tiny), tiny)

    return hand_in


def test_points_for_an_earlier_answer_are_not_final(lab, answer_why):
    answer_why("Because it is so.")
    give(lab, 0.5, "Say why.")
    (result,) = read_results(lab, "tiny").students
    assert (result.total, result.is_final, result.earlier) == (3.5, True, ())

    answer_why("Because it is so.", code=f"{RIGHT}  # the same answer to the other question")
    assert read_results(lab, "tiny").students[0].is_final
    assert not waits(lab)

    answer_why("Because twice is two times.")
    for _ in range(2):  # grading it once more changes nothing
        (result,) = read_results(lab, "tiny").students
        assert (result.total, result.is_final) == (3, False)
        assert result.scores == {"double": 3, "why": None}
        assert result.earlier == ("why: 0.5 points: Say why.",)
        assert read_earlier(lab, "tiny") == {("ada", "why"): Earlier(0.5, "Say why.")}
        assert waits(lab)
        row = write(lab, "tiny").read_text(encoding="utf-8-sig").splitlines()[1]
        assert row == "ada,,3,,0,,"
        page, content = read_feedback_file(lab)
        assert not content["is_final"]
        assert content["questions"][1]["score"] is None
        assert content["questions"][1]["comments"] == ["To the earlier answer: Say why."]
        assert "3 of 4 points</strong> so far" in page
        assert "To the earlier answer: Say why." in write(lab, "tiny", format="moodle").read_text()
        report, _ = write_report(lab, "tiny")
        assert "Handed in anew after a person graded it" in report.read_text()
        assert "why: 0.5 points: Say why." in report.read_text()
        answer_why("Because twice is two times.")

    give(lab, 1)
    (result,) = read_results(lab, "tiny").students
    assert (result.total, result.is_final, result.earlier) == (4, True, ())
    assert read_feedback_file(lab)[1]["questions"][1]["comments"] == ["Say why."]
    answer_why("Because twice is two times.")
    assert read_results(lab, "tiny").students[0].is_final


def test_an_interrupted_grading_forgets_nothing(lab, answer_why, monkeypatch):
    """The notebook of the new answer is there already, the outcome is still that of the old one."""
    answer_why("Because it is so.")
    give(lab, 0.5)
    last = outcomes.read(lab, "tiny", "ada")
    answer_why("Because twice is two times.")
    outcomes.write(lab, "tiny", last)
    answer_why("Because twice is two times.")
    assert list(read_earlier(lab, "tiny")) == [("ada", "why")]


def test_older_outcomes_say_by_their_notebook_what_was_graded(lab, answer_why):
    answer_why("Because it is so.")
    give(lab, 0.5)
    path = lab.labs / "outcomes" / "tiny" / "ada.json"
    stored = json.loads(path.read_text())
    for name in ("graded", "answers", "earlier"):
        del stored[name]
    path.write_text(json.dumps(stored))
    assert read_results(lab, "tiny").students[0].is_final
    answer_why("Because twice is two times.")
    scores = read_scores(lab, "tiny")
    assert scores.scores[0].tolist()[:2] == [1, 2]
    assert read_earlier(lab, "tiny") == {("ada", "why"): Earlier(0.5, "")}
