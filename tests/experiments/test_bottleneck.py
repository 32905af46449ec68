"""The record of lecture 02: its trials, the choice of settings, its pictures, and its trainings."""

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from course_lib import datasets
from course_lib.datasets.pictures.dresses import duplicates
from course_lib.experiments import bottleneck as experiment


@pytest.fixture
def small(monkeypatch):
    """Drawn clothes, two of each pair to train with, and trainings of one epoch."""
    drawn = datasets.load("dresses", seed=0, size=experiment.SIZE, train=60, test=12)
    monkeypatch.setattr(experiment.datasets, "load", lambda *arguments, **options: drawn)
    options = {"EPOCHS": 1, "PROBE_EPOCHS": 1, "PER_CLASS": 2, "VALIDATION": 24}
    for name, value in options.items():
        monkeypatch.setattr(experiment, name, value)
    experiment.pictures.cache_clear()
    yield drawn
    experiment.pictures.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("method", experiment.SETTINGS)
def test_every_method_is_trained(method, small):
    tf.config.run_functions_eagerly(True)
    try:
        measures = experiment.train(0, method, "test", **experiment.SETTINGS[method][0])["measures"]
    finally:
        tf.config.run_functions_eagerly(False)
    assert {"accuracy", "accuracy_dark"} <= measures.keys() <= {"trained", *measures}
    assert np.isfinite(list(measures.values())).all()


def test_baselines_are_trained(small):
    for method in ("majority class", "ridge on pixels"):
        measures = experiment.train(0, method, "validation", **experiment.SETTINGS[method][0])
        assert 0 <= measures["measures"]["accuracy"] <= 100
    with pytest.raises(
        ValueError, match=r"No method is called 'louder'\. There are: majority class"
    ):
        experiment.train(0, "louder", "test")


def test_parts_hold_different_pictures_and_no_near_duplicates(small):
    pool, valid, test = experiment.pictures()
    assert len(pool[0]) + len(valid[0]) == len(small.train)
    assert len(test[0]) == len(small.test)
    assert set(pool[1]) == set(range(experiment.CLASSES))
    both = np.concatenate([pool[0], valid[0]])
    group = duplicates(both)
    assert not set(group[: len(pool[0])]) & set(group[len(pool[0]) :])


def test_a_seed_draws_as_many_of_each_class_with_their_mirror_images(small):
    pool = experiment.pictures()[0]
    x, y = experiment.draw(*pool, seed=3)
    assert np.bincount(y).tolist() == [2 * experiment.PER_CLASS] * experiment.CLASSES
    half = len(x) // 2
    assert np.array_equal(x[half:], x[:half, :, ::-1])
    assert np.array_equal(y[half:], y[:half])
    assert len(np.unique(x[:half].reshape(half, -1), axis=0)) == half
    assert np.array_equal(x, experiment.draw(*pool, seed=3)[0])
    assert not np.array_equal(x, experiment.draw(*pool, seed=4)[0])


def test_every_method_chooses_among_as_many_settings():
    for method, settings in experiment.SETTINGS.items():
        assert len(settings) == (1 if method == "majority class" else 3)
    runs = experiment.tuning()
    assert {seed for seed, _ in runs} == {experiment.TUNING_SEED}
    assert {run["part"] for _, run in runs} == {"validation"}
    assert experiment.SETTINGS.keys() == experiment.METHODS.keys() == experiment.TUNED.keys()
    for method, setting in experiment.TUNED.items():
        assert setting in experiment.SETTINGS[method]


def test_the_choice_is_the_best_on_validation_pictures():
    rows = []
    for method, settings in experiment.SETTINGS.items():
        for number, setting in enumerate(settings):
            measured = {"accuracy": [70.0, 80.0, 75.0][number]}
            rows.append({"purpose": "tuning", "method": method, **setting, **measured})
            rows.append({"purpose": "trial", "method": method, **setting, "accuracy": 99 - number})
    best = experiment.chosen(pd.DataFrame(rows))
    assert best == {method: settings[-2:][0] for method, settings in experiment.SETTINGS.items()}


def test_trials_are_all_methods_with_their_settings():
    runs = experiment.trials(0)
    assert [run["method"] for run in runs] == list(experiment.SETTINGS)
    assert experiment.CHEAP in runs
    for run in runs:
        assert run == {"method": run["method"], "part": "test", **experiment.TUNED[run["method"]]}
