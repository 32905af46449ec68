"""The record of lecture 14: what its methods are at their limits, its trials, and its choice."""

import nbformat
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso, MultiTaskLasso

from classroom.course import Course
from course_lib import datasets
from course_lib.experiments import town_hall
from course_lib.multitask import baselines


@pytest.fixture
def tasks():
    """Three tasks of forty rows each, with the bias in the last column."""
    rng = np.random.default_rng(0)
    x = np.column_stack([rng.normal(size=(120, 3)), np.ones(120)])
    task = np.repeat(np.arange(3), 40)
    weights = rng.normal(size=(3, 4))
    return x, task, np.sum(x * weights[task], axis=1) + 0.3 * rng.normal(size=120)


@pytest.fixture
def survey():
    """Thirty designs with eight features, rated by five people."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 8))
    return x, x @ rng.normal(size=(8, 5)) + 0.3 * rng.normal(size=(30, 5))


@pytest.fixture
def typed():
    """What the lecture types, for three tasks."""
    path = Course.find(__file__).notebooks / "14_town_hall.ipynb"
    names = {"np": np, "baselines": baselines, "TASKS": 3}
    wanted = ("main-scores", "proximal", "shrink-rows-solution", "alternate", "weigh-rows")
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.id in wanted:
            exec(cell.source, names)
    return names


@pytest.mark.parametrize("shrink", ["shrink_rows", "shrink_entries"])
def test_the_lecture_types_the_same_proximal_steps(typed, survey, shrink):
    found = typed["proximal"](*survey, 30, typed[shrink])
    assert found == pytest.approx(town_hall.proximal(*survey, 30, getattr(town_hall, shrink)))


def test_the_lecture_types_the_same_weighed_rows(typed, tasks):
    assert typed["weigh_rows"](*tasks, 0.3) == pytest.approx(town_hall.instances(*tasks, 0.3))


def test_the_lecture_types_the_same_scores(typed):
    rng = np.random.default_rng(4)
    x, label, new = rng.normal(size=(30, 5)), rng.normal(size=30), rng.normal(size=(7, 5))
    task = np.repeat([0, 1], [10, 20])
    centred = label - np.array([label[task == t].mean() for t in (0, 1)])[task]
    parts = [(x[task == t], label[task == t]) for t in (0, 1)]
    found = typed["main_scores"](parts, new, 0.7, 2.0)
    assert found == pytest.approx(town_hall.scores(x, centred, task, 0.7, 2.0, new))


@pytest.mark.parametrize(("weight", "limit"), [(0.0, "separate"), (1.0, "pooled")])
def test_weighed_rows_reach_from_separate_to_pooled(tasks, weight, limit):
    found = town_hall.instances(*tasks, weight)
    assert found == pytest.approx(getattr(town_hall, limit)(*tasks, 1.0))


def test_each_school_weighs_its_own_rows_fully(tasks):
    x, task, y = tasks
    own = np.where(task == 1, 1.0, 0.2)
    expected = np.linalg.solve((x.T * own) @ x + np.eye(4), (x.T * own) @ y)
    assert town_hall.instances(x, task, y, 0.2)[1] == pytest.approx(expected)


def test_levels_move_nothing_but_the_bias(tasks):
    found, pooled = town_hall.levels(*tasks, 5.0), town_hall.pooled(*tasks, 1.0)
    assert np.array_equal(found[:, :-1], pooled[:, :-1])
    assert np.ptp(found[:, -1]) > 0


def test_shared_rows_are_the_multi_task_lasso(survey):
    x, y = survey
    lasso = MultiTaskLasso(60 / len(x), fit_intercept=False, tol=1e-10).fit(x, y)
    found = town_hall.proximal(x, y, 60, town_hall.shrink_rows)
    assert found == pytest.approx(lasso.coef_.T, abs=1e-4)
    assert 0 < np.sum(~found.any(axis=1)) < len(found)


def test_shrunk_entries_are_a_lasso_for_each_person(survey):
    x, y = survey
    lasso = Lasso(20 / len(x), fit_intercept=False, tol=1e-10).fit(x, y)
    found = town_hall.proximal(x, y, 20, town_hall.shrink_entries)
    assert found == pytest.approx(lasso.coef_.T, abs=1e-4)


def test_two_ridges_are_shared_plus_own_where_all_rate_the_same(survey):
    x, y = survey
    people = y.shape[1]
    task = np.repeat(np.arange(people), len(x))
    expected = baselines.shared_plus_own_ridge(np.tile(x, (people, 1)), task, y.T.ravel(), 5, 7.0)
    assert town_hall.plus(x, y, (1e-9, 7.0)) == pytest.approx(expected.T)


def test_no_share_of_the_other_task_is_the_main_task_alone():
    rng = np.random.default_rng(2)
    x, label, new = rng.normal(size=(30, 5)), rng.normal(size=30), rng.normal(size=(7, 5))
    task = np.repeat([0, 1], [10, 20])
    together = town_hall.scores(x, label, task, 0.0, 2.0, new)
    assert together == pytest.approx(town_hall.scores(x[:10], label[:10], task[:10], 0.5, 2.0, new))
    expected = new @ baselines.ridge(x[:10], label[:10], 2.0)
    assert together == pytest.approx(expected)


def test_a_full_share_is_one_task():
    rng = np.random.default_rng(3)
    x, label, new = rng.normal(size=(30, 5)), rng.normal(size=30), rng.normal(size=(7, 5))
    found = town_hall.scores(x, label, np.repeat([0, 1], 15), 1.0, 2.0, new)
    assert found == pytest.approx(new @ baselines.ridge(x, label, 2.0))


def test_only_training_rows_are_labelled_and_a_decoy_keeps_its_molecules(monkeypatch):
    monkeypatch.setattr(town_hall, "MOLECULES", 600)
    data = datasets.load("tox21", "synthetic", seed=0, molecules=600)
    train = set(data.molecule[data.split("random", (0.6, 0.1, 0.3), 0)[0]])
    seen = {}

    def spy(x, label, task, share, penalty, new):
        seen[len(seen)] = x, label
        rows = {fingerprint.tobytes() for fingerprint in x.astype("uint8")}
        assert rows <= {data.x[row].tobytes() for row in range(600) if data.molecule[row] in train}
        return np.arange(len(new))

    monkeypatch.setattr(town_hall, "scores", spy)
    town_hall._load.cache_clear()
    for method in ("together", "decoy"):
        town_hall.train(0, "assay", method=method, source="synthetic", partner="SR-MMP")
    (x, label), (same, shuffled) = seen.values()
    assert np.array_equal(x, same)
    own = town_hall.LABELS
    assert np.array_equal(label[:own], shuffled[:own])
    assert not np.array_equal(label[own:], shuffled[own:])
    assert np.array_equal(np.sort(label[own:]), np.sort(shuffled[own:]))


@pytest.mark.parametrize("example", ["survey", "school"])
def test_methods_that_share_beat_the_mean_of_each_task(example):
    def error(method):
        return town_hall.train(0, example, method=method, source="synthetic")["measures"]["rmse"]

    sharing = {"survey": ("rows", "plus"), "school": ("instances", "plus")}[example]
    assert max(error(method) for method in sharing) < error("mean")


def test_every_method_chooses_among_as_many_penalties():
    for methods in (town_hall.SURVEY, town_hall.SCHOOL):
        counts = {name: len(penalties) for name, (_, penalties) in methods.items()}
        assert counts == {name: 1 if name == "mean" else 8 for name in methods}


def test_every_method_of_the_assays_chooses_among_as_many_settings():
    runs = town_hall.tuning()
    assert all(seed >= 1000 and run["part"] == "validation" for seed, run in runs)
    counts = pd.Series([run["method"] for _, run in runs]).value_counts()
    assert counts.to_dict() == dict.fromkeys(town_hall.TUNED, 60)


def test_the_choice_is_the_best_mean_of_the_tuning_rows():
    rows = [
        {"purpose": "tuning", "method": method, "setting": setting, "auc": auc}
        for method in town_hall.TUNED
        for setting, values in (([1, 0.5], (0.9, 0.5)), ([2, 0.5], (0.8, 0.7)))
        for auc in values
    ]
    rows.append({"purpose": "trial", "method": "alone", "setting": [1, 0.5], "auc": 1.0})
    assert town_hall.chosen(pd.DataFrame(rows)) == {key: [2, 0.5] for key in town_hall.TUNED}


def test_the_cheap_configuration_is_among_the_trials():
    assert town_hall.CHEAP in town_hall.trials(0)
