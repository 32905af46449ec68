"""The record of lecture 07: its trials, the choice of settings, and its trainings."""

import json

import numpy as np
import pandas as pd
import pytest
from keras import ops

from course_lib.experiments import intermediate_fusion as experiment


@pytest.fixture
def small(monkeypatch):
    """Few pairs that are easily told apart, and few epochs."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 10
    x = {
        n: rng.normal(size=(40, *shape)).astype("float32") for n, shape in experiment.SHAPES.items()
    }
    for name, value in {"TRAINED": 20, "KEPT": 10, "BATCH": 10}.items():
        monkeypatch.setattr(experiment, name, value)
    monkeypatch.setattr(experiment, "_load", lambda source: (x, y))
    monkeypatch.setattr(experiment, "compiled", experiment.compiled.__wrapped__)
    monkeypatch.setattr(experiment.fit, "__defaults__", (2,))
    return x, y


@pytest.mark.slow
@pytest.mark.parametrize("method", experiment.METHODS)
def test_every_method_is_trained(method, small):
    setting = experiment.settings(method)[0]
    found = experiment.train(0, method, "synthetic", **setting)
    assert len(found["curve"]) == 2
    assert np.isfinite(found["curve"]).all()
    weights = [value for name, value in found["measures"].items() if name.startswith("weight_")]
    assert len(weights) == (3 if method == "gradient blending" else 0)
    assert not weights or sum(weights) == pytest.approx(1)
    assert experiment.train(0, method, "synthetic", **setting) == found
    json.dumps(found)


def test_the_majority_class_is_that_of_the_training_rows(small):
    drawn = experiment.load(3)
    majority = np.bincount(drawn["train"][1]).argmax()
    expected = 100 * np.mean(drawn["test"][1] == majority)
    assert experiment.train(3, "majority class")["measures"]["accuracy"] == pytest.approx(expected)
    with pytest.raises(ValueError, match="No method is called 'early'"):
        experiment.train(0, "early")


def test_no_row_is_in_two_parts_and_modalities_stay_together(small):
    x, y = small
    parts = experiment.load(0)
    assert [len(labels) for _, labels in parts.values()] == [20, 10, 10]
    found = {name: np.concatenate([p[name] for p, _ in parts.values()]) for name in x}
    labels = np.concatenate([labels for _, labels in parts.values()])
    order = [np.flatnonzero((x["sound"] == row).all(axis=(1, 2)))[0] for row in found["sound"]]
    assert sorted(order) == list(range(40))
    assert np.array_equal(found["picture"], x["picture"][order])
    assert np.array_equal(labels, y[order])


def test_networks_have_an_answer_for_each_modality_and_for_both(small):
    x, _ = small
    few = {name: values[:3] for name, values in x.items()}
    assert experiment.network(experiment.MODALITIES)(few).shape == (3, 3, 10)
    assert experiment.network(("sound",))({"sound": few["sound"]}).shape == (3, 1, 10)
    attended = experiment.network(experiment.MODALITIES, attend=4)
    answers = ops.convert_to_numpy(attended(few))
    changed = ops.convert_to_numpy(attended({**few, "sound": few["sound"] + 1}))
    assert np.array_equal(answers[:, 0], changed[:, 0])
    assert not np.allclose(answers[:, 2], changed[:, 2])


def test_every_method_chooses_among_as_many_settings_on_validation_rows():
    runs = experiment.tuning()
    assert all(seed >= 1000 and run["part"] == "validation" for seed, run in runs)
    for method in experiment.METHODS:
        own = [run for _, run in runs if run["method"] == method]
        assert len(own) == 4 * len(experiment.TUNING_SEEDS)


def test_the_choice_is_the_best_mean_of_tuning_rows():
    rows = [
        {"purpose": "tuning", "method": "concatenation", "rate": r, "weight": w, "accuracy": a}
        for r, w, a in ((2e-3, 0.0, 60), (2e-3, 0.5, 80), (2e-3, 0.5, 50), (6e-3, 0.0, 64))
    ]
    rows += [
        {"purpose": "trial", "method": "concatenation", "rate": 1, "weight": 1, "accuracy": 99}
    ]
    rows += [
        {"purpose": "tuning", "method": "sound", "rate": r, "accuracy": -r} for r in (1e-3, 2e-3)
    ]
    assert experiment.chosen(pd.DataFrame(rows)) == {
        "concatenation": {"rate": 2e-3, "weight": 0.5},
        "sound": {"rate": 1e-3},
    }


def test_trials_are_of_the_settings_chosen():
    runs = experiment.trials(0)
    assert experiment.CHEAP in runs
    for method in experiment.METHODS:
        assert {"method": method, "source": "real", **experiment.TUNED[method]} in runs
