"""The commands for what comes in, as an instructor sees them."""

import pytest
from typer.testing import CliRunner

from classroom import cli
from tests.classroom.collecting.conftest import notebook, pack

MOODLE = "{}_{}_assignsubmission_file_/tiny.ipynb"


@pytest.fixture
def invoke(lab, monkeypatch):
    """Function that runs a command of `course` in a course of two labs; returns what it prints."""
    monkeypatch.setattr(cli.console, "width", 200)
    for name in ("tiny", "other"):
        path = lab.labs / "source" / name / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        path.write_text(notebook(name))

    def run(*arguments):
        result = CliRunner().invoke(cli.app, ["--course", str(lab.root), *map(str, arguments)])
        return " ".join(f"{result.output} {result.exception or ''}".split())

    return run


@pytest.fixture
def export(tmp_path):
    """Function that writes an archive of notebooks and returns its path."""

    def write(files):
        (tmp_path / "export.zip").write_bytes(pack(files))
        return tmp_path / "export.zip"

    return write


def test_a_dry_run_shows_the_table_and_writes_nothing(lab, invoke, export, tmp_path):
    (tmp_path / "class.csv").write_text("student,name\nada,Ada Lovelace\nbob,Bob Berg\n")
    assert "2 students" in invoke("roster", tmp_path / "class.csv")
    names = {"Ada Lovelace": 1, "Eve": 2}
    files = {MOODLE.format(*item): notebook("tiny", item[0]) for item in names.items()}
    before = sorted(lab.labs.rglob("*"))
    shown = invoke("collect", export(files), "--lab", "tiny", "--dry-run")
    assert (
        "ada │ Ada Lovelace_1_assignsubmission_file_/tiny.ipynb │ not said (Moodle) │ new" in shown
    )
    assert "held │ Eve is not in the roster" in shown
    assert "1 students handed in tiny" in shown
    assert "Missing, 1 of 2: Bob Berg (bob)" in shown
    assert "Nothing was written." in shown
    assert sorted(lab.labs.rglob("*")) == before
    again = invoke("collect", export(files), "--lab", "tiny")
    assert "Missing, 1 of 2: Bob Berg (bob)" in again
    assert "Times of handing in: 1 not said (Moodle)" in again
    assert (lab.labs / "submitted/ada/tiny/tiny.ipynb").exists()


def test_without_a_lab_the_cells_say_it(lab, invoke, export):
    invoke("collect", export({"ada/work.ipynb": notebook("other"), "bob/a.ipynb": "{}"}))
    assert (lab.labs / "submitted/ada/other/other.ipynb").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"ada/a.ipynb": notebook("other"), "bob/b.ipynb": notebook("tiny")},
            "holds notebooks of several labs: other (1), tiny (1). Name one: --lab.",
        ),
        ({"ada/a.ipynb": "{}"}, "Say which lab it is, with --lab: other, tiny."),
    ],
)
def test_where_the_cells_do_not_say_the_lab_it_is_asked_for(invoke, export, files, message):
    assert message in invoke("collect", export(files))


def test_a_late_hand_in_is_shown(invoke, export):
    shown = invoke("collect", export({"ada_LATE_101_1_tiny.ipynb": notebook("tiny")}))
    assert "late, not said by how much (Canvas) │ new" in shown


def test_due_dates_are_set_and_shown(lab, invoke):
    assert "Nothing of this lab was graded yet" in invoke("due", "tiny", "2026-03-01 12:00")
    with lab.gradebook("tiny") as gradebook:
        assert gradebook.find_assignment("tiny").duedate is not None
        gradebook.update_or_create_student("ada")
        gradebook.update_or_create_submission("tiny", "ada")
    shown = invoke("due", "tiny", "2026-03-08 12:00", "--student", "ada")
    assert "ada │ not known │ │ 2026-03-08 12:00 │ 0" in shown
    assert "2026-03-01 12:00" in invoke("due", "tiny", "never", "--student", "ada")
    assert "│ never │" in invoke("due", "tiny", "never")
    assert "Say until when" in invoke("due", "tiny", "--student", "ada")
    assert "'soon' is no date" in invoke("due", "tiny", "soon")
