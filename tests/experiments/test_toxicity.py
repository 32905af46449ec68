from pathlib import Path

import keras
import nbformat
import numpy as np
import pandas as pd
import pytest
from keras import ops

from course_lib import datasets
from course_lib.experiments import toxicity
from course_lib.multitask.losses import Present

ROOT = Path(__file__).parents[2]

NAN = np.nan
SIZES = {"width": 8, "depth": 2, "dropout": 0.0, "penalty": 1e-3}


@pytest.fixture(scope="module")
def table():
    return datasets.load("tox21", molecules=1500, bits=64, tasks=3)


@pytest.fixture
def small(table, monkeypatch):
    monkeypatch.setattr(toxicity, "_load", lambda data, source, seed: table)


def trained(score, x, y, monkeypatch):
    """The model that a method trains, and its scores of the training rows."""
    models = []
    fit = toxicity.fit_network
    monkeypatch.setattr(
        toxicity, "fit_network", lambda model, *args: models.append(model) or fit(model, *args)
    )
    keras.utils.set_random_seed(0)
    scores, _ = score(x, y, x, 0, rate=0.01, steps=6, **SIZES)
    monkeypatch.setattr(toxicity, "fit_network", fit)
    return models[0].get_weights(), scores


def other_labels(y):
    """Labels of the first task as they are, those of the others turned round."""
    return np.concatenate([y[:, :1], 1 - y[:, 1:]], axis=1)


def test_separate_networks_share_nothing(table, monkeypatch):
    before, scores = trained(toxicity.score_separate, table.x, table.y, monkeypatch)
    after, others = trained(toxicity.score_separate, table.x, other_labels(table.y), monkeypatch)
    for old, new in zip(before, after, strict=True):
        assert np.array_equal(old[0], new[0])
        assert not np.array_equal(old[1], new[1])
    assert np.array_equal(scores[:, 0], others[:, 0])
    assert not np.allclose(scores[:, 1], others[:, 1])


def test_one_network_for_all_tasks_shares_its_trunk(table, monkeypatch):
    before, scores = trained(toxicity.score_network, table.x, table.y, monkeypatch)
    after, others = trained(toxicity.score_network, table.x, other_labels(table.y), monkeypatch)
    assert not np.allclose(before[0], after[0])
    assert not np.allclose(scores[:, 0], others[:, 0])


def test_a_separate_network_never_sees_a_row_without_its_label(table, monkeypatch):
    """What the other tasks' missing rows hold makes no difference to the first."""
    y = table.y[table.y[:, 0].argsort()]  # missing labels of the first task come last
    x = table.x.copy()
    _, scores = trained(toxicity.score_separate, x, y, monkeypatch)
    missing = np.isnan(y[:, 0])
    x[missing] = 1 - x[missing]
    _, others = trained(toxicity.score_separate, x, y, monkeypatch)
    assert missing.any()
    assert np.array_equal(scores[~missing, 0], others[~missing, 0])
    assert not np.array_equal(scores[~missing, 1], others[~missing, 1])


def test_batches_are_whole_and_hold_every_row():
    rows = toxicity.whole_batches(np.arange(5, 205), 300, 0)
    assert len(rows) == 384
    assert set(rows) == set(range(5, 205))
    assert len(toxicity.whole_batches(np.arange(256), 256, 0)) == 256


def test_starts_of_separate_networks_are_glorots():
    model = toxicity.separate_networks(64, 12, **SIZES | {"width": 32})
    kernels = [kernel for kernel in model.get_weights() if kernel.ndim == 3]
    assert [kernel.shape for kernel in kernels] == [(12, 64, 32), (12, 32, 16), (12, 16, 1)]
    for kernel in kernels:
        expected = np.sqrt(6 / sum(kernel.shape[1:]))
        assert np.abs(kernel).max() == pytest.approx(expected, rel=0.02)


def test_thinning_keeps_a_share_of_each_class_and_small_shares_within_large_ones(table):
    few, more = (toxicity.thin(table.y, share, range(3), 7) for share in (0.1, 0.3))
    for label in (0, 1):
        kept = np.sum(few == label, axis=0)
        had = np.sum(table.y == label, axis=0)
        assert np.all(np.abs(kept - 0.1 * had) <= 1)
        assert np.all(kept >= 1)
    assert np.all(np.isnan(few) | (few == more))
    assert np.array_equal(toxicity.thin(table.y, 1, range(3), 7), table.y, equal_nan=True)


def test_thinning_one_assay_leaves_the_others_and_draws_as_thinning_all(table):
    one = toxicity.thin(table.y, 0.1, [1], 7)
    every = toxicity.thin(table.y, 0.1, range(3), 7)
    assert np.array_equal(one[:, 1], every[:, 1], equal_nan=True)
    assert np.array_equal(one[:, [0, 2]], table.y[:, [0, 2]], equal_nan=True)


def test_aucs_are_of_present_labels():
    labels = np.array([[1, 0], [0, NAN], [0, 1], [NAN, 0]], "float32")
    scores = np.array([[2, 0], [1, 9], [3, 1], [9, 2]])
    assert toxicity.assay_aucs(labels, scores) == pytest.approx([0.5, 0.5])
    assert toxicity.assay_aucs(labels, np.zeros((4, 2))) == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("method", toxicity.SCORES)
def test_methods_rank_molecules(small, method):
    network = SIZES | {"rate": 0.01, "steps": 60}
    forest = {"features": 0.1, "leaf": 1, "balanced": True, "trees": 20}
    settings = {
        "logistic regression": {"C": 0.1},
        "random forest": forest,
        "separate networks": network,
        "multi-task network": network,
    }
    options = {"data": "tox21", "source": "synthetic", "share": 1.0, "thinned": "all"}
    found = toxicity.train(1, method=method, **options, **settings.get(method, {}))
    area = found["measures"]["auc"]
    assert set(found["measures"]) == {"auc", "auc_NR-AR", "auc_NR-AR-LBD", "auc_NR-AhR"}
    assert area == 0.5 if method == "constant" else area > 0.55
    assert bool(found["curve"]) == ("network" in method)


def test_tuning_measures_validation_rows_only(small, table, monkeypatch):
    options = {"data": "tox21", "source": "synthetic", "method": "logistic regression", "C": 0.1}
    found = toxicity.train(1000, share=1.0, thinned="all", **options)["measures"]
    _, valid, test = table.split(seed=1000)
    hidden = table.y.copy()
    hidden[test] = NAN
    monkeypatch.setattr(
        toxicity,
        "_load",
        lambda *_: type(table)(**{**vars(table), "y": hidden}),
    )
    assert set(found) == {"valid_auc"}
    assert toxicity.train(1000, share=1.0, thinned="all", **options)["measures"] == found
    assert not np.isnan(hidden[valid]).all()


def test_chembl_methods_beat_the_proteins_mean(monkeypatch):
    table = datasets.load("chembl", molecules=1500, bits=128)
    monkeypatch.setattr(toxicity, "_load", lambda *_: table)
    options = {"data": "chembl", "source": "synthetic"}
    network = {"width": 64, "depth": 1, "dropout": 0.1, "penalty": 1e-4, "rate": 0.01}
    settings = {"ridge": {"penalty": 10.0}, "protein network": network | {"steps": 150}}
    found = {
        method: toxicity.train(0, method=method, **options, **settings.get(method, {}))
        for method in toxicity.PREDICTIONS
    }
    errors = {method: result["measures"]["rmse"] for method, result in found.items()}
    assert min(errors, key=errors.get) != "protein mean"
    assert max(errors, key=errors.get) == "protein mean"
    columns = found["ridge"]["curve"]
    assert len(columns["rmse"]) == len(columns["training_labels"]) == len(columns["test_labels"])
    assert min(columns["test_labels"]) > 0
    assert np.mean(columns["rmse"]) == pytest.approx(errors["ridge"], abs=1e-3)


def test_the_best_mean_over_tuning_splits_is_chosen():
    rows = []
    for place, (seed, configuration) in enumerate(toxicity.tuning()):
        measure = "valid_rmse" if configuration["data"] == "chembl" else "valid_auc"
        rows.append({"purpose": "tuning", "seed": seed, **configuration, measure: place % 7})
    frame = pd.DataFrame(rows)
    third = {"method": "random forest", "share": 0.3, **toxicity.CANDIDATES["random forest"][3]}
    frame.loc[np.all([frame[k] == v for k, v in third.items()], axis=0), "valid_auc"] = 9
    cheapest = {"method": "ridge", **toxicity.CANDIDATES["ridge"][5]}
    frame.loc[np.all([frame[k] == v for k, v in cheapest.items()], axis=0), "valid_rmse"] = -1
    chosen = toxicity.chosen(frame)
    assert chosen["random forest"]["0.3"] == toxicity.CANDIDATES["random forest"][3]
    assert chosen["ridge"] == toxicity.CANDIDATES["ridge"][5]
    assert set(chosen) == {*toxicity.TOX21, *toxicity.CHEMBL}


def test_every_method_has_the_same_budget():
    assert {len(settings) for settings in toxicity.CANDIDATES.values()} == {toxicity.BUDGET}


def lecture_losses():
    """The masked loss that lecture 13 types, and the lines that its traps strike out."""
    notebook = nbformat.read(ROOT / "notebooks" / "13_toxicity.ipynb", as_version=4)
    found = {}
    for place in ("hole", "solution"):
        (source,) = (cell.source for cell in notebook.cells if cell.id == f"masked-{place}")
        names = {"ops": ops}
        exec(source, names)
        found[place] = names["masked"]

    def too_late(y, z):
        return ops.mean(ops.where(ops.isnan(y), 0.0, ops.softplus(z) - y * z))

    return found["solution"], {"over all": found["hole"], "masked too late": too_late}


def value_and_slope(loss, y, z):
    tf = pytest.importorskip("tensorflow")
    z = tf.Variable(z)
    with tf.GradientTape() as tape:
        value = loss(y, z)
    return float(value), tape.gradient(value, z).numpy()


def test_the_lectures_loss_is_the_librarys_and_its_traps_are_not():
    y = np.array([[1, NAN], [NAN, NAN], [0, 1]], "float32")
    z = np.array([[0.3, 2], [-1, 1], [0.5, -2]], "float32")
    binary = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
    present = Present(binary)
    masked, traps = lecture_losses()
    value, slope = value_and_slope(masked, y, z)
    expected, other = value_and_slope(lambda y, z: present(y[..., None], z[..., None]), y, z)
    assert value == pytest.approx(expected, rel=1e-5)
    assert np.allclose(slope, other, atol=1e-6)
    assert np.all(slope[np.isnan(y)] == 0)
    assert np.all(slope[~np.isnan(y)] != 0)
    slopes = {name: value_and_slope(loss, y, z)[1] for name, loss in traps.items()}
    assert np.all(slopes["over all"][np.isnan(y)] > 0), "missing counts as inactive"
    assert np.isnan(slopes["masked too late"][np.isnan(y)]).all()
