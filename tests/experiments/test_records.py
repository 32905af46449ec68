"""Each record holds what its experiments list, and gives the same rows again."""

import importlib
import json

import pytest

from classroom.course import Course
from classroom.lectures import recording
from course_lib import records
from course_lib.datasets.files import DataError

COURSE = Course.find(__file__)
PATHS = sorted((COURSE.root / "data" / "records").glob("*.jsonl"))
RECORDINGS = [recording.find(COURSE, path.stem) for path in PATHS]

each_record = pytest.mark.parametrize("found", RECORDINGS, ids=lambda found: found.lecture)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")  # rooms are rendered once for two records


def same(configuration, other):
    return json.dumps(configuration, sort_keys=True) == json.dumps(other, sort_keys=True)


@each_record
def test_a_record_is_whole(found):
    assert found.missing(found.trials()) == []
    if hasattr(found.experiments, "tuning"):
        assert found.missing(found.trials(tune=True)) == []


@each_record
def test_a_record_holds_nothing_else(found):
    known = {records.key(*trial) for tune in (False, True) for trial in found.trials(tune=tune)}
    for number, row in enumerate(records.read(found.path), 1):
        assert records.key_of(row) in known, f"line {number}"


@each_record
def test_settings_are_those_that_validation_chose(found):
    if hasattr(found.experiments, "chosen"):
        frame = records.load(found.lecture)
        chosen = found.experiments.chosen(frame[frame.purpose == "tuning"])
        assert chosen == found.experiments.TUNED


@pytest.mark.slow
@each_record
def test_a_cheap_training_gives_its_row_again(found, cache, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(cache))
    cheap = importlib.import_module(found.module).CHEAP
    (row,) = [
        row
        for row in records.read(found.path)
        if row["seed"] == 0 and row["purpose"] == "trial" and same(row["configuration"], cheap)
    ]
    try:
        again = found.experiments.train(0, **cheap)
    except DataError as error:
        pytest.skip(f"needs real data: {error}")
    assert again["measures"] == pytest.approx(row["measures"], rel=1e-3, abs=1e-6)
