import json
import subprocess
import sys

import pytest

from course_lib import records


def row(seed=0, purpose="trial", **configuration):
    return {
        "purpose": purpose,
        "seed": seed,
        "configuration": configuration,
        "measures": {"accuracy": 0.5 + seed / 10},
        "curve": [1.0, 0.5],
        "seconds": 1.5,
        "machine": "2 cores",
        "versions": {"backend": "tensorflow"},
        "date": "2026-05-04T10:00:00+00:00",
        "commit": "abc1234",
    }


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The records of a course, in one of whose folders we are."""
    (tmp_path / "data/records").mkdir(parents=True)
    (tmp_path / "build/live").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "build/live")
    return tmp_path / "data/records"


def test_a_record_is_a_frame_with_a_row_per_training(folder):
    for seed in range(3):
        assert records.append(folder / "01_a.jsonl", row(seed, method="soft", labels=20))
    frame = records.load("01_a")
    assert list(frame.seed) == [0, 1, 2]
    assert list(frame.accuracy) == [0.5, 0.6, 0.7]
    assert set(frame.method) == {"soft"}
    assert set(frame.backend) == {"tensorflow"}
    assert frame.curve[0] == [1.0, 0.5]


def test_the_same_training_is_not_recorded_twice(folder):
    path = folder / "01_a.jsonl"
    assert records.append(path, row(method="soft", labels=20))
    assert not records.append(path, row(labels=20, method="soft"))
    assert records.append(path, row(purpose="tuning", method="soft", labels=20))
    assert len(records.read(path)) == 2


def test_a_missing_record_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"course record 02_b"):
        records.load("02_b")


def test_outside_a_course_the_library_s_own_records_are_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert records.folder().is_dir()


NAN = json.dumps(row(2) | {"measures": {"loss": float("nan")}}).encode()


@pytest.mark.parametrize(
    "damaged", [b'{"seed": 1', b'{"seed": 1}', b"[1]", b"\x00", b'"\xff"', b"", NAN]
)
def test_a_damaged_line_is_named(folder, damaged):
    path = folder / "01_a.jsonl"
    records.append(path, row(0))
    with path.open("ab") as file:
        file.write(damaged + b"\n")
    for function in (records.load, lambda _: records.append(path, row(1))):
        with pytest.raises(ValueError, match=r"01_a.jsonl, line 2 is damaged.*Delete that line"):
            function("01_a")


def test_a_row_without_a_field_is_refused(folder):
    incomplete = row()
    del incomplete["curve"]
    with pytest.raises(ValueError, match="curve"):
        records.append(folder / "01_a.jsonl", incomplete)
    with pytest.raises(ValueError, match="JSON"):
        records.append(folder / "01_a.jsonl", row() | {"measures": {"loss": float("nan")}})
    assert records.read(folder / "01_a.jsonl") == []


def test_a_missing_newline_at_the_end_costs_no_row(folder):
    path = folder / "01_a.jsonl"
    path.touch()
    records.append(path, row(0))
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    records.append(path, row(1))
    records.append(path, row(2))
    assert [other["seed"] for other in records.read(path)] == [0, 1, 2]
    assert path.read_bytes().count(b"\n") == 3


def test_only_a_newline_ends_a_row(folder):
    path = folder / "01_a.jsonl"
    strange = row(method="a\u2028b\x85c\u2029d")
    records.append(path, strange)
    records.append(path, row(1))
    assert records.read(path)[0] == strange


CLAIM = """
import pathlib, sys, time
from course_lib import records
with records.claim(pathlib.Path(sys.argv[1]), "a") as ours:
    print(ours, flush=True)
    time.sleep(600)
"""


def test_a_claim_keeps_others_out_until_its_process_is_killed(folder):
    path = folder / "01_a.jsonl"
    command = [sys.executable, "-c", CLAIM, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        for key, ours in (("a", False), ("b", True)):
            with records.claim(path, key) as claimed:
                assert claimed == ours
        process.kill()
    assert len(list(folder.iterdir())) == 1  # the killed process leaves its file, which is no claim
    for _ in range(2):
        with records.claim(path, "a") as claimed:
            assert claimed
    assert list(folder.iterdir()) == []


APPEND = """
import json, pathlib, sys
from course_lib import records
row = json.loads(sys.argv[2])
for seed in range(int(sys.argv[3]), int(sys.argv[3]) + 50):
    records.append(pathlib.Path(sys.argv[1]), row | {"seed": seed})
"""


def test_processes_that_append_at_once_lose_nothing(folder):
    path = folder / "01_a.jsonl"
    command = [sys.executable, "-c", APPEND, str(path), json.dumps(row())]
    processes = [subprocess.Popen([*command, str(first)]) for first in (0, 25, 50)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert sorted(json.loads(line)["seed"] for line in path.open()) == list(range(100))
