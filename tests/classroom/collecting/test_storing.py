"""What is stored stays whole: newer work replaces older, and interruptions are made up for."""

import pytest

from classroom.collecting import records, storing
from classroom.collecting.collect import collect
from classroom.collecting.records import read_record

ATTEMPT = "Lab_ada_attempt_2026-03-{:02}-12-00-00_{}"
LATER = (2026, 4, 1, 0, 0, 0)


def attempt(day, work):
    return {
        ATTEMPT.format(day, "tiny.ipynb"): work,
        ATTEMPT.format(day, "helper.py"): f"# {work}",
    }


def test_the_platforms_time_decides_and_not_the_archives(two_labs, export, handed_in):
    collect(two_labs, "tiny", export(attempt(2, "second")))
    found = collect(two_labs, "tiny", export(attempt(1, "first"), LATER))
    assert {item.status for item in found} == {"kept newer"}
    assert handed_in(two_labs)["ada/tiny/helper.py"] == "# second"


def test_the_same_work_handed_in_again_has_the_later_time(two_labs, export, handed_in):
    collect(two_labs, "tiny", export(attempt(1, "work")))
    collect(two_labs, "tiny", export(attempt(2, "work")))
    assert handed_in(two_labs)["ada/tiny/timestamp.txt"].startswith("2026-03-02")
    collect(two_labs, "tiny", export(attempt(1, "work")))
    assert handed_in(two_labs)["ada/tiny/timestamp.txt"].startswith("2026-03-02")


def test_newer_work_without_a_time_takes_the_older_ones_away(two_labs, export, handed_in):
    collect(two_labs, "tiny", export(attempt(1, "first")))
    collect(two_labs, "tiny", export({"ada/tiny.ipynb": "second"}, LATER))
    assert handed_in(two_labs) == {"ada/tiny/tiny.ipynb": "second"}


def test_the_same_work_without_a_time_leaves_what_an_instructor_wrote(two_labs, export, handed_in):
    path = export({"ada/tiny.ipynb": "work"})
    collect(two_labs, "tiny", path)
    (two_labs.labs / "submitted/ada/tiny/timestamp.txt").write_text("2026-03-03 12:00:00 UTC")
    (item,) = collect(two_labs, "tiny", path)
    assert item.status == "unchanged"
    assert handed_in(two_labs)["ada/tiny/timestamp.txt"] == "2026-03-03 12:00:00 UTC"


def test_what_a_platform_says_later_is_noted_though_the_work_is_the_same(two_labs, export):
    collect(two_labs, "tiny", export({"adalovelace_101_7_tiny.ipynb": "work"}))
    collect(two_labs, "tiny", export({"adalovelace_LATE_101_7_tiny.ipynb": "work"}, LATER))
    assert read_record(two_labs, "tiny", "101").is_late


@pytest.mark.parametrize("step", range(4))
def test_an_interrupted_collection_is_completed_by_the_next(
    two_labs, export, handed_in, monkeypatch, step
):
    collect(two_labs, "tiny", export(attempt(1, "first") | {ATTEMPT.format(1, "old.py"): "old"}))
    steps = []

    def interrupted(write):
        def stop(*arguments):
            if len(steps) == step:
                raise KeyboardInterrupt
            steps.append(write)
            return write(*arguments)

        return stop

    path = export(attempt(2, "second"))
    with monkeypatch.context() as patched:
        patched.setattr(storing, "_write", interrupted(storing._write))
        patched.setattr(storing, "write_record", interrupted(records.write_record))
        with pytest.raises(KeyboardInterrupt):
            collect(two_labs, "tiny", path)
    collect(two_labs, "tiny", path)
    assert handed_in(two_labs) == {
        "ada/tiny/tiny.ipynb": "second",
        "ada/tiny/helper.py": "# second",
        "ada/tiny/timestamp.txt": "2026-03-02T12:00:00+00:00\n",
    }
    assert read_record(two_labs, "tiny", "ada").files == ["helper.py"]


@pytest.mark.parametrize(
    "stored",
    [
        *["", "{", "[]", '{"key": 1, "handed_in": "soon"}'],
        '{"key": "a", "notebooks": {"x": ["a", ""]}}',
    ],
)
def test_a_damaged_record_is_written_anew(two_labs, export, stored):
    path = export(attempt(1, "work"))
    collect(two_labs, "tiny", path)
    record = read_record(two_labs, "tiny", "ada")
    records.record_path(two_labs, "tiny", "ada").write_text(stored)
    assert read_record(two_labs, "tiny", "ada") is None
    collect(two_labs, "tiny", path)
    assert read_record(two_labs, "tiny", "ada") == record


def test_one_file_that_cannot_be_stored_holds_up_no_other(two_labs, export, handed_in):
    (two_labs.labs / "submitted/ada/tiny/helper.py").mkdir(parents=True)
    found = {item.file: item for item in collect(two_labs, "tiny", export(attempt(1, "work")))}
    assert "cannot be stored" in found[ATTEMPT.format(1, "helper.py")].reason
    assert handed_in(two_labs)["ada/tiny/tiny.ipynb"] == "work"
