"""The record of lecture 11: its trials, the choice of settings, and its trainings."""

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from course_lib import datasets
from course_lib.experiments import multitask_architectures as experiment
from course_lib.multitask import dense

SIZE = (16, 24)


@pytest.fixture
def eager():
    """Runs few steps as they are; to trace large networks for them takes far longer."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def small(monkeypatch, eager):
    """Few small rooms, few steps, and the first and the third of the four stages."""
    drawn = datasets.load("rooms", size=SIZE, train=10, test=4)
    split = dense.Split(drawn.train, dense.take(drawn.train, [8, 9]), drawn.test)
    monkeypatch.setattr(dense, "load_rooms", lambda seed, **options: split)
    stages = dense.stages
    monkeypatch.setattr(dense, "stages", lambda filters: stages(filters)[::2])
    monkeypatch.setattr(experiment, "BRANCH_COST", (0.2, 0.1))
    for name, value in {"EPOCHS": 5, "FIRST": 1, "ROUND": 1, "STEPS": 2, "BATCH": 4}.items():
        monkeypatch.setattr(experiment, name, value)
    return split


@pytest.mark.slow
@pytest.mark.parametrize("method", [*experiment.BASELINES, *experiment.METHODS])
def test_every_method_is_trained(method, small):
    found = experiment.train(0, method, 4, **experiment.settings(method)[0])
    of_main = {"accuracy", "iou"}
    alone = method in experiment.SINGLE
    expected = of_main if alone else of_main | {"depth", "normals"}
    assert set(found["measures"]) - {"parameters"} == expected
    assert np.isfinite(list(found["measures"].values())).all()
    if method not in experiment.BASELINES:
        assert len(found["curve"]) == experiment.EPOCHS


def test_an_unknown_method_is_refused(small):
    with pytest.raises(ValueError, match="No method is called 'harder'"):
        experiment.train(0, "harder", 4)


def test_every_method_chooses_among_as_many_settings():
    runs = experiment.tuning()
    assert len(runs) == 4 * 2 * len(experiment.METHODS)
    assert all(seed >= 1000 and run["rooms"] == "validation" for seed, run in runs)
    for method in experiment.METHODS:
        assert len(experiment.settings(method)) == 4


def test_the_choice_is_the_best_mean_over_seeds():
    accuracy = {(1e-3, 0.3): (60, 70), (4e-3, 0.3): (80, 40), (1e-3, 1.0): (64, 65)}
    rows = [
        {"purpose": "tuning", "method": "hard", "rate": r, "weight": w, "accuracy": value}
        for (r, w), values in accuracy.items()
        for value in values
    ]
    rows += [{"purpose": "trial", "method": "hard", "rate": 4e-3, "weight": 1.0, "accuracy": 99}]
    rows += [
        {"purpose": "tuning", "method": "single", "rate": 4e-3, "share": s, "accuracy": s}
        for s in (0.5, 1.0)
    ]
    assert experiment.chosen(pd.DataFrame(rows)) == {
        "hard": {"rate": 1e-3, "weight": 0.3},
        "single": {"rate": 4e-3, "share": 1.0},
    }


def test_trials_are_every_method_at_every_number_of_labels(monkeypatch):
    monkeypatch.setattr(experiment.rooms_data, "labelled_file", lambda: None)
    runs = experiment.trials(0)
    pairs = [(run["method"], run["labels"]) for run in runs]
    methods = {*experiment.BASELINES, *experiment.METHODS} - {"separate"}  # that is single, thrice
    expected = {(method, 20) for method in methods}
    expected |= {(m, labels) for m in methods - set(experiment.FEW_ALONE) for labels in (5, 700)}
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == expected | {(method, 100) for method in experiment.MAIN_METHODS}
    assert experiment.CHEAP in runs
    assert all(run["source"] == "synthetic" for run in runs)
    monkeypatch.setattr(experiment.rooms_data, "labelled_file", lambda: "here")
    assert [run["source"] for run in experiment.trials(0)].count("real") == len(runs)


def test_the_wide_network_is_as_large_as_three():
    parts = experiment._parts(
        datasets.load("rooms", train=1, test=0).train, dense.TASKS, experiment.SINGLE["single"]
    )
    three = experiment.NETWORKS["separate"](*parts).count_params()
    wide = experiment.NETWORKS["hard"](
        parts[0], dense.stages(experiment.WIDE), dense.heads(13, ["segmentation"], 42)
    ).count_params()
    assert wide == pytest.approx(three, rel=0.03)


def test_the_rate_falls_along_a_cosine(small, monkeypatch):
    rates = []
    scheduler = keras.callbacks.LearningRateScheduler

    def noted(function):
        rates.extend(function(epoch, None) for epoch in range(experiment.EPOCHS))
        return scheduler(function)

    monkeypatch.setattr(keras.callbacks, "LearningRateScheduler", noted)
    experiment.train(0, "single", 4, rate=1e-2)
    assert np.allclose(rates, 1e-2 * (1 + np.cos(np.pi * np.arange(5) / 5)) / 2)


def test_errors_are_losses_of_each_room(small):
    """Cross entropy, absolute error, 1 − cosine, as Keras has them."""
    rooms = small.train
    parts = experiment._parts(rooms, dense.TASKS, (4, 6, 6, 4))
    network = experiment.NETWORKS["hard"](*parts)
    found = experiment.errors(rooms, [0, 3], network)
    answers = network.predict(rooms.x.astype("float32"), verbose=0)
    for column, (task, loss) in enumerate(dense.losses().items()):
        truth = dense.labels(rooms)[task]
        for room in (0, 3):
            one = slice(room, room + 1)
            assert found[room, column] == pytest.approx(
                float(loss(truth[one], answers[task][one])), rel=1e-4
            )
    assert np.isnan(found[[1, 2, 4], 0]).all()
    assert not np.isnan(found[:, 1:]).any()
