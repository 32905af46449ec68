"""The record of lecture 12: its trials, the choice of settings, and its trainings."""

import json

import keras
import numpy as np
import pandas as pd
import pytest

from course_lib import datasets
from course_lib.experiments import balancing as experiment
from course_lib.multitask import dense


@pytest.fixture
def small(monkeypatch):
    """Few small rooms, few steps, and the first and the third of the four stages."""
    drawn = datasets.load("rooms", size=(16, 24), train=24, test=4)
    split = dense.Split(drawn.train, dense.take(drawn.train, [8, 9]), drawn.test)
    monkeypatch.setattr(dense, "load_rooms", lambda seed, **options: split)
    stages = dense.stages
    monkeypatch.setattr(dense, "stages", lambda: stages()[::2])
    for name, value in {"EPOCHS": 3, "STEPS": 2, "BATCH": 4}.items():
        monkeypatch.setattr(experiment, name, value)
    return split


@pytest.mark.slow
@pytest.mark.parametrize("method", [*experiment.BASELINES, "single", *experiment.OPTIONS])
def test_every_method_is_trained(method, small):
    setting = "colour" if method in experiment.OPTIONS else "metres"
    found = experiment.train(0, method, setting)
    assert np.isfinite(list(found["measures"].values())).all()
    of_main = {"accuracy", "iou"}
    expected = of_main if method == "single" else of_main | {"depth", "normals"}
    assert set(found["measures"]) == expected
    json.dumps(found)
    if method in experiment.OPTIONS:
        assert len(found["curve"]["colour_weight"]) == 3


def test_trials_are_those_that_are_shown_with_the_settings_chosen():
    runs = experiment.trials(0)
    assert len({json.dumps(run, sort_keys=True) for run in runs}) == len(runs)
    assert experiment.CHEAP in runs
    for setting in experiment.SHOWN:
        for method in experiment.BALANCES:
            option = experiment.TUNED[setting][method]
            assert {"method": method, "setting": setting, **option} in runs
    for method in experiment.PIXELS:
        option = experiment.TUNED["pixels"][method]
        assert {"method": method, "setting": "pixels", **option} in runs


def test_every_method_chooses_among_four_settings_and_the_rival_among_eight():
    runs = experiment.tuning()
    assert all(seed >= 1000 and run["rooms"] == "validation" for seed, run in runs)
    for setting in experiment.TASKS:
        for method in experiment.OPTIONS:
            own = [r for _, r in runs if (r["method"], r["setting"]) == (method, setting)]
            assert len(own) == (8 if method == "constants" else 4), (method, setting)
    for method in experiment.PIXELS:
        own = [r for _, r in runs if (r["method"], r["setting"]) == (method, "pixels")]
        assert len(own) == (8 if method == "constants" else 4), method


def test_gains_are_means_over_tasks_relative_to_the_mean_picture_of_the_seed():
    rows = pd.DataFrame(
        [
            {"method": m, "seed": s, "accuracy": a, "depth": d, "normals": n}
            for m, s, a, d, n in (
                ("mean picture", 0, 50.0, 1.0, 30.0),
                ("mean picture", 1, 40.0, 2.0, 40.0),
                ("equal", 0, 60.0, 0.9, 33.0),
                ("equal", 1, 40.0, 1.0, 40.0),
                ("single", 0, 60.0, None, None),
            )
        ]
    )
    found = experiment.gains(rows)
    assert np.allclose(found[:4], [0, 0, (20 + 10 - 10) / 3, 50 / 3])
    assert np.isnan(found[4])


@pytest.mark.slow
@pytest.mark.parametrize("method", ["single", "equal", "upgrad", "famo"])
def test_pixels_are_trained(method, monkeypatch):
    few = {"train": 6, "validation": 2, "test": 2, "size": (24, 32)}
    monkeypatch.setattr(experiment, "PIXEL_ROOMS", few)
    monkeypatch.setattr(experiment, "PIXEL_EPOCHS", 1)
    found = experiment.train(0, method, "pixels")
    assert np.isfinite(list(found["measures"].values())).all()
    assert len(found["curve"]["segmentation_weight"]) == 1


def test_the_choice_is_the_best_on_validation_rooms_only():
    rows = [
        {"purpose": "tuning", "setting": "noisy", "method": "constants", "weight": w, "accuracy": a}
        for w, a in ((0.0, 61), (0.1, 63), (0.3, 62))
    ]
    rows += [{**rows[0], "setting": "colour", "rate": 0.008, "weight": w} for w in (0.0, 0.1)]
    rows[-1]["accuracy"] = 65
    rows += [{**rows[0], "purpose": "trial", "weight": 1.0, "accuracy": 99}]
    rows += [{"purpose": "tuning", "setting": "metres", "method": "pixel ridge", "accuracy": 60}]
    rows += [
        {"purpose": "tuning", "setting": "metres", "method": "single", "rate": r, "accuracy": r}
        for r in (0.001, 0.004)
    ]
    assert experiment.chosen(pd.DataFrame(rows)) == {
        "noisy": {"constants": {"weight": 0.1}},
        "colour": {"constants": {"weight": 0.1, "rate": 0.008}},
        "metres": {"single": {"rate": 0.004}},
    }


def labels_of(small, setting):
    tasks = experiment.TASKS[setting]
    return experiment._batches(small.train, setting, tasks, seed=0)


def test_noisy_depth_is_that_of_another_room(small):
    batches = labels_of(small, "noisy")
    batches.augment = False
    rows = batches.rows(0)
    x, y = batches[0]
    assert np.array_equal(x, small.train.x[rows])
    assert np.array_equal(y["depth"], small.train.depth[rows - 1])
    assert np.array_equal(y["normals"], small.train.normals[rows])


def test_colour_repeats_the_picture(small):
    x, y = labels_of(small, "colour")[0]
    assert np.allclose(127.5 * (y["colour"] + 1), x)


def test_units_multiply_losses_and_nothing_else():
    y, p = np.ones((1, 2, 3), "float32"), np.full((1, 2, 3, 1), 1.5, "float32")
    losses = experiment._losses(experiment.TASKS["colour"], 1000.0)
    assert float(losses["depth"](y, p)) == pytest.approx(500)
    assert float(experiment._losses(["depth"], 1.0)["depth"](y, p)) == pytest.approx(0.5)
    grey = losses["colour"](np.zeros((1, 2, 3, 3), "float32"), np.ones((1, 2, 3, 3), "float32"))
    assert float(grey) == pytest.approx(127.5)


@pytest.mark.parametrize(("setting", "unit"), [("metres", 1.0), ("millimetres", 1000.0)])
def test_each_setting_has_its_unit(setting, unit, small, monkeypatch):
    seen = []
    losses = experiment._losses
    monkeypatch.setattr(experiment, "_losses", lambda *a: seen.append(a[1]) or losses(*a))
    experiment.train(0, "equal", setting)
    assert seen == [unit]


def test_shares_leave_out_pixels_without_labels():
    y = np.array([[[0, 1], [-1, 1]]])
    answers = np.eye(2, dtype="float32")[[[[0, 0], [0, 1]]]]
    assert float(experiment.right(y, answers)) == pytest.approx(2 / 3)
    depth = np.array([[[1.0, np.nan], [2.0, 4.0]]], "float32")
    found = np.array([[[1.2, 9.0], [3.0, 3.3]]], "float32")[..., None]
    assert float(experiment.near(depth, found)) == pytest.approx(2 / 3)
    normals = np.array([[[[0, 0, 1], [np.nan] * 3, [0, 1, 0]]]], "float32")
    found = np.array([[[[0, 0.2, 2], [1, 0, 0], [1, 0.1, 0]]]], "float32")
    assert float(experiment.aligned(normals, found)) == pytest.approx(1 / 2)
    grey = np.zeros((1, 1, 2, 3), "float32")
    assert float(experiment.faithful(grey, grey + [[[[0.05] * 3], [[0.0, 0.0, 0.1]]]])) == 0.5


def test_the_weight_of_constants_is_that_of_the_task_in_question():
    for setting, task in (("noisy", "depth"), ("colour", "colour")):
        balance = experiment._balance(
            "constants", setting, ("segmentation", task), {"weight": 0.1}, None
        )
        assert balance.given == {"segmentation": 1.0, task: 0.1}


def test_uncertainty_starts_at_the_first_losses(small):
    balances = []
    make = experiment.balancing.Balanced
    keras.utils.set_random_seed(0)
    for method in ("uncertainty", "uncertainty from 0"):
        balance = experiment._balance(
            method,
            "metres",
            dense.TASKS,
            {},
            lambda: {"segmentation": 2.0, "depth": 3.0, "normals": 0.5},
        )
        heads = dense.heads(13)
        make(
            experiment.architectures.shared(keras.Input((16, 24, 3)), dense.stages(), heads),
            balance,
        )
        balances.append(dict(zip(balance.tasks, np.asarray(balance.log_scale))))
    assert balances[0] == pytest.approx(
        {"segmentation": np.log(4.0), "depth": np.log(3.0), "normals": np.log(0.5)}
    )
    assert balances[1] == dict.fromkeys(dense.TASKS, 0)
