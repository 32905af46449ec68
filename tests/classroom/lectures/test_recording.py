import os
import subprocess
import sys
import time

import numpy as np
import pytest

from classroom.course import Course
from classroom.lectures import recording
from classroom.lectures.recording import Recording
from course_lib import records

EXPERIMENTS = '''
"""Experiments that say what they did in a file."""
import os
import time
SEEDS = 2
PAUSE = float(os.environ.get("PAUSE", 0))

def tuning():
    return [(1000, {"method": "soft", "rate": rate}) for rate in (1, 2)]

def trials(seed):
    return [{"method": method} for method in ("mean", "hard", "soft")]

def train(seed, method, **options):
    with open(os.environ["RUNS"], "a") as runs:
        runs.write(f"{seed} {method}\\n")
    if os.environ.get("BREAK") == f"{seed} {method}":
        raise RuntimeError("power cut")
    if os.environ.get("SPOIL") == f"{seed} {method}":
        return {"measures": {"accuracy": 1.0, "auc": float("nan")}}
    time.sleep(600 if os.environ.get("HANG") == f"{seed} {method}" else PAUSE)
    return {"measures": {"accuracy": seed + len(method)}, "curve": [1.0, 0.5]}
'''


@pytest.fixture
def found(tmp_path, monkeypatch):
    (tmp_path / "toy_experiments.py").write_text(EXPERIMENTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("RUNS", str(tmp_path / "runs"))
    yield Recording("01_a", "toy_experiments", tmp_path / "records/01_a.jsonl")
    sys.modules.pop("toy_experiments", None)


def runs(found):
    return (found.path.parents[1] / "runs").read_text().splitlines()


def record(found, **options):
    return list(recording.run(found, found.missing(found.trials()), **options))


def test_each_training_becomes_a_row_with_its_circumstances(found):
    assert all(new for _, new in record(found))
    rows = records.read(found.path)
    assert len(rows) == 6
    assert [row["measures"]["accuracy"] for row in rows] == [4, 5, 4, 5, 4, 5]  # all seeds abreast
    assert set(rows[0]) == set(records.FIELDS)
    assert "cores" in rows[0]["machine"]
    assert {"keras", "backend", "python"} <= set(rows[0]["versions"])
    assert rows[0]["date"].endswith("+00:00")
    assert rows[0]["commit"] == recording.commit() != ""


def test_rows_name_the_commit_that_the_run_began_with(found, monkeypatch):
    commits = iter(["began", *["later"] * 9])
    monkeypatch.setattr(recording, "commit", lambda: next(commits))
    record(found)
    assert {row["commit"] for row in records.read(found.path)} == {"began"}


def test_only_code_makes_a_commit_dirty(tmp_path, monkeypatch):
    def git(*command):
        who = ("-c", "user.name=a", "-c", "user.email=a@b.c")
        subprocess.run(["git", *who, *command], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "code").mkdir()
    (tmp_path / "code/train.py").touch()
    (tmp_path / "record.jsonl").touch()
    git("init")
    assert recording.commit(tmp_path / "code") == ""
    git("add", ".")
    git("commit", "-m", "first")
    clean = recording.commit(tmp_path / "code")
    assert clean.isalnum()
    (tmp_path / "record.jsonl").write_text("a row")
    assert recording.commit(tmp_path / "code") == clean
    (tmp_path / "code/train.py").write_text("SEEDS = 3")
    assert recording.commit(tmp_path / "code") == f"{clean}-dirty"
    git("commit", "-am", "second")
    (tmp_path / "code/new.py").touch()
    assert recording.commit(tmp_path / "code").endswith("-dirty")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert recording.commit(tmp_path / "code") == ""


def test_an_interrupted_recording_goes_on_where_it_was(found, monkeypatch):
    monkeypatch.setenv("BREAK", "0 soft")
    with pytest.raises(RuntimeError, match="power cut"):
        record(found)
    assert len(records.read(found.path)) == 4
    monkeypatch.delenv("BREAK")
    record(found)
    assert len(records.read(found.path)) == 6
    assert runs(found).count("0 mean") == 1


def test_a_training_that_another_run_has_finished_is_left_out(found):
    trial = ("trial", 0, {"method": "hard"})
    row = recording.row(*trial, {"measures": {}, "curve": []}, 1.0, "abc1234")
    records.append(found.path, row)
    assert list(recording.run(found, [trial])) == [(trial, False)]
    assert records.read(found.path) == [row]


def test_a_result_that_cannot_be_recorded_is_named_after_all_others_have_run(found, monkeypatch):
    monkeypatch.setenv("SPOIL", "0 hard")
    with pytest.raises(ValueError, match=r"'auc' of seed 0 with {'method': 'hard'}.*nan"):
        record(found)
    assert len(records.read(found.path)) == 5
    monkeypatch.delenv("SPOIL")
    assert record(found) == [(("trial", 0, {"method": "hard"}), True)]


def test_numbers_of_numpy_are_recorded(found):
    result = {
        "measures": {"auc": np.float32(0.5), "parameters": np.int64(3), "tasks": np.arange(2)},
        "curve": {"loss": [np.float32(0.25)], "weights": np.eye(2)},
    }
    records.append(found.path, recording.row("trial", 0, {}, result, 1.0, "abc1234"))
    (row,) = records.read(found.path)
    assert row["measures"] == {"auc": 0.5, "parameters": 3, "tasks": [0, 1]}
    assert row["curve"] == {"loss": [0.25], "weights": [[1, 0], [0, 1]]}
    for curve, problem in (([1.0, np.inf], "inf"), ([object()], "object")):
        with pytest.raises(ValueError, match=f"The curve of seed 7.*{problem}"):
            recording.row("trial", 7, {}, {"measures": {}, "curve": curve}, 1.0, "")


def test_a_record_that_cannot_be_written_is_refused_before_the_first_training(found):
    found.path.parent.touch()  # a file where the folder should be
    with pytest.raises(ValueError, match=r"01_a.jsonl should be a file that can be written"):
        record(found)
    assert not (found.path.parents[1] / "runs").exists()


RUN = """
import os, pathlib, sys, time
import keras
from classroom.lectures import recording
path, others = pathlib.Path(sys.argv[1]), int(sys.argv[2])
found = recording.Recording("01_a", "toy_experiments", path)
(path.parents[1] / f"{os.getpid()}.ready").touch()
while len(list(path.parents[1].glob("*.ready"))) < others:
    time.sleep(0.01)
print(sum(new for _, new in recording.run(found, found.trials())))
"""


def start(found, processes=1, **variables):
    """Another run of all trials, which begins as soon as so many of them are ready."""
    command = [sys.executable, "-c", RUN, str(found.path), str(processes)]
    return subprocess.Popen(command, env=os.environ | variables, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_two_runs_at_once_share_the_trainings(found):
    processes = [start(found, processes=2, PAUSE="0.5") for _ in range(2)]
    shares = [int(process.communicate()[0]) for process in processes]
    assert sum(shares) == 6
    assert all(shares)
    assert len(runs(found)) == len(set(runs(found))) == 6
    assert len(records.read(found.path)) == 6
    assert [path.name for path in found.path.parent.glob("*.*.lock")] == []


@pytest.mark.slow
def test_a_run_waits_for_another_and_does_what_it_leaves_behind_when_it_is_killed(found):
    process = start(found, HANG="0 mean")
    try:
        while not (found.path.parents[1] / "runs").exists():
            assert process.poll() is None
            time.sleep(0.05)
        done = []
        for trial, new in recording.run(found, found.trials()):
            done.append((trial, new))
            if len(done) == 5:
                process.kill()
                process.wait()
    finally:
        process.kill()
    assert done[5] == (("trial", 0, {"method": "mean"}), True)
    assert runs(found).count("0 mean") == 2
    assert len(records.read(found.path)) == 6


@pytest.mark.slow
def test_several_jobs_record_the_same_rows(found):
    record(found, jobs=2)
    rows = records.read(found.path)
    keys = sorted(records.key_of(row) for row in rows)
    assert keys == sorted(records.key(*trial) for trial in found.trials())


def test_trainings_that_choose_settings_are_listed_apart(found):
    assert [trial[:2] for trial in found.trials(tune=True)] == [("tuning", 1000)] * 2
    assert {trial[0] for trial in found.trials(seeds=1)} == {"trial"}
    assert len(found.trials(seeds=1)) == 3


def test_a_lecture_is_found_by_a_part_of_its_name(tmp_path):
    (tmp_path / "notebooks").mkdir()
    for name in ("11_multitask_architectures", "12_other", "13_othello"):
        (tmp_path / "notebooks" / f"{name}.ipynb").touch()
    course = Course(tmp_path)
    found = recording.find(course, "architectures")
    assert found.lecture == "11_multitask_architectures"
    assert found.path == tmp_path / "data/records/11_multitask_architectures.jsonl"
    with pytest.raises(ValueError, match=r"12_other.*13_othello"):
        recording.find(course, "oth")
    with pytest.raises(ValueError, match="no module"):
        recording.find(course, "12")
