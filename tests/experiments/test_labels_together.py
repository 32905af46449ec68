"""The record of lecture 10: its methods, its copies, the choice of settings, and its trainings."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

from course_lib import datasets
from course_lib.experiments import labels_together as experiment

METHODS = {
    "majority class": {},
    "logistic regression": {"C": 0.1},
    "logistic regression, pairs": {"C": 0.1},
    "network": {"cut": 2, "rate": 3e-3, "epochs": 2},
    "grey": {"rate": 3e-3, "epochs": 2},
    "recoloured": {"share": 0.5, "rate": 3e-3, "epochs": 2},
}


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("dresses", size=32, train=60, test=24)


@pytest.fixture
def small(drawn, monkeypatch):
    """Few drawn pictures in place of the photographs."""
    monkeypatch.setattr(experiment, "load", lambda: drawn)
    monkeypatch.setattr(experiment, "_groups", experiment._groups.__wrapped__)
    return drawn


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_trained_and_measured(method, small):
    found = experiment.train(0, method, "all", "test", **METHODS[method])
    measures = found["measures"]
    called = [measures[f"unseen_{garment}"] for garment in small.unseen.garments]
    assert sum(called) == pytest.approx(100)
    assert ("parameters" in measures) == bool(found["curve"]) == ("epochs" in METHODS[method])
    if found["curve"]:
        assert {task: len(losses) for task, losses in found["curve"].items()} == {
            "colour": 2,
            "garment": 2,
        }


def test_candidates_are_measured_on_validation_rows_only(small, monkeypatch):
    asked = {}

    def answer(x, y, parts):
        asked.update(parts)
        return {"validation": {task: np.zeros(len(parts["validation"]), int) for task in y}}

    monkeypatch.setitem(experiment.FITS, "majority class", answer)
    measures = experiment.train(1000, "majority class", "all", "validation")["measures"]
    _, rows = experiment.split(1000)
    assert list(asked) == ["validation"]
    assert np.array_equal(asked["validation"], experiment.scaled(small.train.x[rows]))
    share = [100 * np.mean(getattr(small.train, task)[rows] == 0) for task in experiment.TASKS]
    assert measures["validation"] == pytest.approx(np.mean(share))


def test_a_split_parts_all_pictures_and_no_near_duplicates(small, monkeypatch):
    groups = np.arange(60) // 3
    monkeypatch.setattr(experiment, "_groups", lambda: groups)
    train, validation = experiment.split(3)
    assert sorted([*train, *validation]) == list(range(60))
    assert len(validation) == 12
    assert not set(groups[train]) & set(groups[validation])
    assert not np.array_equal(train, experiment.split(4)[0])


def test_few_labels_are_missing_garments_only(small, monkeypatch):
    seen = {}
    monkeypatch.setitem(
        experiment.FITS,
        "majority class",
        lambda x, y, asked: seen.update(y) or experiment.fit_majority(x, y, asked),
    )
    experiment.train(0, "majority class", 10, "test")
    assert np.sum(seen["garment"] != experiment.MISSING) == 10
    assert np.all(seen["colour"] != experiment.MISSING)


def test_answers_of_the_majority_are_the_most_frequent_known_labels():
    y = {"colour": np.array([2, 2, 0]), "garment": np.array([-1, -1, 3])}
    answers = experiment.fit_majority(None, y, {"test": np.zeros(2)})["test"]
    assert {task: values.tolist() for task, values in answers.items()} == {
        "colour": [2, 2],
        "garment": [3, 3],
    }


def test_a_classifier_of_pairs_never_names_the_unseen_pair(small):
    measures = experiment.train(0, "logistic regression, pairs", "all", "test", C=1.0)["measures"]
    assert measures["unseen_colour"] + measures["unseen_dress"] <= 100


def test_accuracies_count_tasks_and_both():
    truth = {"colour": np.array([0, 1, 2, 2]), "garment": np.array([0, 1, 2, 3])}
    answers = {"colour": np.array([0, 1, 2, 0]), "garment": np.array([0, 0, 2, 3])}
    assert experiment.accuracies(answers, truth) == {"colour": 75, "garment": 75, "both": 50}


def test_recoloured_pictures_hold_the_same_channels_in_all_orders(drawn):
    x = experiment.scaled(drawn.train.x)
    recoloured = experiment.recolour(x, np.random.default_rng(0))
    assert np.array_equal(np.sort(recoloured, axis=-1), np.sort(x, axis=-1))
    same = np.mean([np.array_equal(a, b) for a, b in zip(x, recoloured)])
    assert 0.05 < same < 0.35
    first = recoloured[:, :, :, 0]
    for channel in range(3):
        assert any(np.array_equal(a, b) for a, b in zip(first, x[:, :, :, channel]))


def test_copies_have_a_garment_and_no_colour(drawn):
    x = experiment.scaled(drawn.train.x)
    y = {task: getattr(drawn.train, task) for task in experiment.TASKS}
    more, labels = experiment.with_copies(x, y, 0.25, np.random.default_rng(0))
    assert len(more) == len(labels["colour"]) == len(labels["garment"]) == 75
    assert np.array_equal(more[:60], x)
    assert np.array_equal(labels["colour"][:60], y["colour"])
    assert np.array_equal(labels["garment"][:60], y["garment"])
    assert np.all(labels["colour"][60:] == experiment.MISSING)
    grey = np.sort(x, axis=-1)
    for copy, garment in zip(np.sort(more[60:], axis=-1), labels["garment"][60:]):
        (row,) = np.flatnonzero((grey == copy).all(axis=(1, 2, 3)))
        assert y["garment"][row] == garment


def test_a_missing_label_leaves_no_trace_in_training(small, monkeypatch):
    x = experiment.scaled(small.train.x)
    y = {"colour": small.train.colour, "garment": np.full(60, experiment.MISSING)}
    built = {}
    two_heads = experiment.two_heads

    def kept(*args):
        keras.utils.set_random_seed(0)
        built["model"] = two_heads(*args)
        built["start"] = built["model"].get_layer("garment_head").get_weights()
        return built["model"]

    monkeypatch.setattr(experiment, "two_heads", kept)
    _, _, curve = experiment.fit_network("network", x, y, {}, 0, rate=1e-2, epochs=2)
    assert curve["garment"] == [0, 0]
    for before, after in zip(
        built["start"], built["model"].get_layer("garment_head").get_weights()
    ):
        assert np.array_equal(before, after)


def test_a_loss_is_the_mean_over_the_labels_that_are_present(small):
    x = experiment.scaled(small.train.x)
    known = {task: getattr(small.train, task) for task in experiment.TASKS}
    half = known | {"garment": np.where(np.arange(60) < 15, known["garment"], experiment.MISSING)}
    few = {task: labels[:15] for task, labels in known.items()}
    losses = []
    for pictures, labels in ((x, half), (x[:15], few)):
        keras.utils.set_random_seed(0)
        _, _, curve = experiment.fit_network("network", pictures, labels, {}, 0, 0.0, epochs=1)
        losses.append(curve["garment"][0])
    assert losses[0] == pytest.approx(losses[1], abs=2e-4)


def test_the_garments_head_that_sees_grey_is_blind_to_shuffled_channels(drawn):
    x = experiment.scaled(drawn.test.x)
    shuffled = x[..., [2, 0, 1]]
    for grey in (True, False):
        model = experiment.two_heads(x.shape[1:], grey=grey)
        before, after = (
            {task: ops.convert_to_numpy(logits) for task, logits in model(pictures).items()}
            for pictures in (x, shuffled)
        )
        assert np.allclose(before["garment"], after["garment"], atol=1e-4) == grey
        assert not np.allclose(before["colour"], after["colour"], atol=1e-4)


def test_a_cut_decides_on_the_parameters_and_grey_costs_none():
    counts = [experiment.two_heads((32, 32, 3), cut).count_params() for cut in (0, 2, 4)]
    heads = 49 * 7
    assert counts[0] - heads == 2 * (counts[2] - heads)
    assert counts[0] > counts[1] > counts[2]
    assert experiment.two_heads((32, 32, 3), grey=True).count_params() == counts[2]


def test_every_family_chooses_among_as_many_candidates_with_seeds_of_its_own():
    families = experiment.families()
    assert {len(candidates) for _, candidates in families} == {4}
    runs = experiment.tuning()
    assert len(runs) == 4 * len(experiment.TUNING_SEEDS) * len(families)
    assert all(seed >= 1000 and run["part"] == "validation" for seed, run in runs)


def test_the_choice_is_the_best_mean_on_validation_rows():
    def rows(purpose, best):
        return [
            {"purpose": purpose, **family, **settings, "validation": 90 + (number == best) + noise}
            for family, candidates in experiment.families()
            for number, settings in enumerate(candidates)
            for noise in ((5, -5) if number == best else (0, 0))
        ]

    frame = pd.DataFrame(rows("tuning", 2) + rows("trial", 1) * 3)
    chosen = experiment.chosen(frame)
    assert len(chosen) == len(experiment.families())
    assert chosen["network, cut 4, 50 labels"] == experiment.NETWORK_CANDIDATES[2]
    assert chosen["logistic regression, all labels"] == experiment.LOGISTIC_CANDIDATES[2]
    assert chosen["recoloured, all labels"] == experiment.NETWORK_CANDIDATES[2]


def test_trials_take_the_tuned_settings_and_hold_the_cheap_one(monkeypatch):
    tuned = {experiment._name(family): some[0] for family, some in experiment.families()}
    monkeypatch.setattr(experiment, "TUNED", tuned)
    runs = experiment.trials(0)
    assert len({str(run) for run in runs}) == len(runs)
    assert all(run["part"] == "test" for run in runs)
    shares = [run["share"] for run in runs if run["method"] == "recoloured"]
    assert sorted(shares) == [0.05, 0.2, 1.0]
