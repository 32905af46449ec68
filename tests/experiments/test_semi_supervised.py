"""The record of lecture 05: its digits, its views, the choice of settings, and its trainings."""

import numpy as np
import pandas as pd
import pytest

from course_lib import datasets
from course_lib.consistency import data
from course_lib.experiments import semi_supervised as experiment


@pytest.fixture(scope="module")
def drawn():
    found = datasets.load("mnist", "synthetic", limit=300)
    return [(experiment.shrink(part.x), part.y) for part in (found.train, found.test)]


@pytest.fixture
def small(drawn, monkeypatch):
    """Few drawn digits in place of the real ones, and short trainings."""
    monkeypatch.setattr(experiment, "load", lambda: drawn)
    sizes = {"VALIDATION": 50, "UNLABELLED": 150, "LABELS": 3, "STEPS": 4, "AT_ONCE": 2}
    for name, value in sizes.items():
        monkeypatch.setattr(experiment, name, value)
    return drawn


@pytest.mark.parametrize("method", ["logistic regression", "label spreading"])
@pytest.mark.parametrize("part", ["test", "validation"])
def test_baselines_are_measured(method, part, small):
    found = experiment.train(0, method, part, **experiment.CANDIDATES[method][0])
    assert 0 < found["measures"]["error"] < 70
    assert found["curve"] == []


@pytest.mark.slow
@pytest.mark.parametrize("method", [*experiment.SUPERVISED, *experiment.GUESSING])
def test_networks_are_trained_and_measured(method, small):
    found = experiment.train(0, method, "test", **experiment.CANDIDATES[method][0])
    assert 0 <= found["measures"]["error"] <= 100
    assert len(found["curve"]) == 2


def test_digits_of_a_seed_are_parted(small):
    (x, y), parts = experiment.digits(3)
    assert len(x) == len(y) == 150
    assert len(parts["validation"][0]) == 50
    assert parts["test"] is small[1]
    pixels = [{picture.tobytes() for picture in part} for part in (x, parts["validation"][0])]
    assert not pixels[0] & pixels[1]
    assert not np.array_equal(x, experiment.digits(4)[0][0])
    again = experiment.digits(3)[0]
    assert np.array_equal(x, again[0])
    assert np.array_equal(y, again[1])


def test_small_digits_are_means_of_squares():
    pictures = np.arange(28 * 28, dtype="uint16").reshape(1, 28, 28)
    found = experiment.shrink(pictures)
    assert found.shape == (1, 14, 14, 1)
    assert found[0, 2, 3, 0] == pictures[0, 4:6, 6:8].mean()


def test_label_spreading_sees_the_labels_of_few_digits_alone(small):
    (x, y), parts = experiment.digits(0)
    few = data.few_labels(y, 3, 0)
    hidden = np.full_like(y, 99)
    hidden[few] = y[few]
    found = [
        experiment.fit_spreading(x, labels, few, parts["validation"][0], 7, 0.2)
        for labels in (y, hidden)
    ]
    assert np.array_equal(*found)


def test_strong_looks_change_more_than_weak_ones(small):
    pictures = small[0][0][:64]
    weak, strong = (np.asarray(look(pictures, training=True)) for look in experiment.looks(0))
    change = [np.abs(look - pictures).mean() for look in (weak, strong)]
    assert 1.2 * change[0] < change[1]
    assert strong.min() >= 0
    assert strong.max() <= 255.5


def test_every_method_has_as_many_candidates():
    assert {len(candidates) for candidates in experiment.CANDIDATES.values()} == {6}
    runs = experiment.tuning()
    assert len({str(run) for run in runs}) == 6 * len(experiment.CANDIDATES)
    assert all(run["part"] == "validation" for _, run in runs)
    assert all(seed >= 1000 for seed, _ in runs)


def test_the_choice_has_the_fewest_errors_on_validation_rows():
    rows = [
        {"purpose": "tuning", "method": method, **settings, "error": 10.0 - (number == 4)}
        for method, candidates in experiment.CANDIDATES.items()
        for number, settings in enumerate(candidates)
    ]
    chosen = experiment.chosen(pd.DataFrame(rows))
    assert chosen == {method: some[4] for method, some in experiment.CANDIDATES.items()}


def test_trials_take_what_was_chosen():
    runs = experiment.trials(0)
    assert [run["method"] for run in runs] == list(experiment.CANDIDATES)
    assert experiment.CHEAP in runs
    for run in runs:
        settings = {name: value for name, value in run.items() if name not in ("method", "part")}
        assert settings in experiment.CANDIDATES[run["method"]]
