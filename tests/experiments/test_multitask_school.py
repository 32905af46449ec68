"""The record of lecture 09: no test row is seen before the end, and all rivals tune alike."""

from collections import Counter

import numpy as np
import pytest
import statsmodels.api as sm

from course_lib import datasets
from course_lib.experiments import multitask_school as experiments
from course_lib.multitask import baselines

CLOSED = ("school mean", "pooled ridge", "independent ridge", "w0 + v_t")


@pytest.fixture(scope="module")
def school():
    return experiments._school(0, "synthetic", 0.1)


@pytest.fixture(scope="module")
def survey():
    return experiments._survey(0, "synthetic", 8)


def small(problem, tasks=12):
    """The first tasks alone, so that networks train at once."""
    train = problem.train.take(np.flatnonzero(problem.train.task < tasks))
    return problem._replace(train=train, tasks=tasks)


def test_all_methods_but_trivial_ones_choose_among_four_settings():
    for methods, trivial in ((experiments.SCHOOL, "school mean"), (experiments.SURVEY, "person's")):
        for name, (settings, _) in methods.items():
            assert len(settings) == (1 if name.startswith(trivial) else 4), name


def test_trials_name_their_source_and_hold_the_cheap_one():
    trials = experiments.trials(0)
    assert {trial["source"] for trial in trials} == {"real", "synthetic"}
    assert experiments.CHEAP in trials
    assert all(trial["data"] == "survey" for trial in experiments.trials(10))
    shares = {trial["share"] for trial in trials if trial["method"] == "gated network"}
    assert shares == set(experiments.SHARES)


@pytest.mark.parametrize("share", [0.05, 1.0])
def test_a_share_is_taken_of_each_school_and_of_training_rows_only(share):
    problem = experiments._school(3, "synthetic", share)
    data = datasets.load("school", seed=3)
    rows, test = data.splits[3]
    full = np.bincount(data.task[rows])
    expected = [max(2, round(share * size)) for size in full]
    assert list(np.bincount(problem.train.task)) == expected
    assert np.array_equal(problem.test.y, data.y[test])


def test_less_labels_are_a_part_of_more():
    rows = []
    for share in (0.1, 0.25):
        problem = experiments._school(0, "synthetic", share)
        scores = np.round(problem.mean + problem.unit * problem.train.y)
        rows.append(Counter(zip(problem.train.task, scores, *problem.train.x[:, 5:].T)))
    assert rows[0] < rows[1]


@pytest.mark.parametrize("name", ["school", "survey"])
def test_labels_of_test_rows_change_nothing_that_is_learned(name, monkeypatch):
    """Scalers, folds and choices see training rows alone."""
    data = datasets.load({"school": "school", "survey": "computer_survey"}[name])
    load = {
        "school": lambda: experiments._school(0, "synthetic", 0.1),
        "survey": lambda: experiments._survey(0, "synthetic", 8),
    }[name]
    monkeypatch.setattr(datasets, "load", lambda *_, **options: data)
    before = load()
    if name == "school":
        data.y[data.splits[0].test] = 1000
        data.x[data.splits[0].test] = 1000
    else:
        order = np.random.default_rng([0, 20]).permutation(20)
        data.ratings[:, order[15:]] = 1000
    after = load()
    for old, new in zip(before.train, after.train):
        assert np.array_equal(old, new)
    assert (before.mean, before.unit) == (after.mean, after.unit)
    assert after.test.y.min() == 1000


def test_folds_hold_out_training_rows_once(school, survey):
    for problem, folds in ((school, 2), (survey, 2)):
        assert len(problem.folds) == folds
        held = np.concatenate([held for _, held in problem.folds])
        assert len(np.unique(held)) == len(held)
        for fit, held in problem.folds:
            assert not np.intersect1d(fit, held).size
            assert len(fit) + len(held) == len(problem.train.y)


def test_the_survey_holds_out_computers_for_everybody(survey):
    """Validation and test computers were rated by nobody in what is fitted."""
    for fit, held in survey.folds:
        fitted = {tuple(x) for x in survey.train.x[fit]}
        assert not fitted & {tuple(x) for x in survey.train.x[held]}
    assert not {tuple(x) for x in survey.train.x} & {tuple(x) for x in survey.test.x}
    assert np.all(np.bincount(survey.train.task) == 8)
    assert len({tuple(x) for x in survey.train.x}) == 15


def test_the_setting_with_the_least_validation_error_is_used(monkeypatch):
    def method_of(problem):
        def fit(rows, setting):
            return lambda x, task: np.full(len(x), setting)

        return fit

    monkeypatch.setitem(experiments.SCHOOL, "constant", ((3.0, 0.1, -2.0, 5.0), method_of))
    result = experiments.train(0, data="school", source="synthetic", method="constant", share=0.1)
    assert result["measures"]["setting"] == 1
    assert np.argmin(result["curve"]) == 1
    assert len(result["curve"]) == 4


@pytest.mark.parametrize("method", CLOSED)
def test_a_training_gives_the_same_measures_again(method):
    configuration = {"data": "school", "source": "synthetic", "method": method, "share": 0.1}
    first, second = (experiments.train(0, **configuration) for _ in range(2))
    assert first == second
    assert set(first["measures"]) == {"rmse", "setting", "ev_pooled", "ev_per_task", "ev_within"}


def test_errors_are_in_points_and_the_mean_of_all_explains_nothing(school):
    """A penalty without end leaves the training mean, with the labels' own spread as its error."""
    fit = experiments._pooled_ridge(school)
    predicted = school.mean + school.unit * fit(school.train, 1e12)(school.test.x, None)
    assert np.allclose(predicted, school.mean, atol=1e-3)
    assert 20 < school.mean < 30
    assert 10 < school.unit < 16


def test_mixed_effects_are_predicted_as_statsmodels_predicts_them(school):
    problem = small(school, 40)
    rows = problem.train
    columns = experiments._independent_columns(rows.x)
    random = np.column_stack([np.ones(len(rows.y)), rows.x[:, problem.slopes[1]]])
    found = sm.MixedLM(rows.y, rows.x[:, columns], rows.task, random).fit(method="lbfgs")
    errors = rows.y - rows.x[:, columns] @ np.asarray(found.fe_params)
    own = experiments._predicted_effects(random, rows.task, errors, found, 40)
    for t, effects in found.random_effects.items():
        assert own[t] == pytest.approx(np.asarray(effects), abs=1e-6)


def test_mixed_effects_with_equal_variances_are_shared_plus_own(school):
    """Ψ = τ² I makes w₀ + v_t of it, with λ = σ² / τ² and v_t where slopes are random."""
    rows = small(school).train
    intercept = np.ones((len(rows.y), 1))
    penalty = 4.0

    class Found:
        cov_re, scale = np.eye(1), penalty

    own = experiments._predicted_effects(intercept, rows.task, rows.y, Found, 12)
    sizes = np.bincount(rows.task)
    sums = np.bincount(rows.task, weights=rows.y)
    assert own[:, 0] == pytest.approx(sums / (sizes + penalty))
    zero = baselines.ridge(intercept[rows.task == 0], rows.y[rows.task == 0], penalty)
    assert own[0] == pytest.approx(zero)


def test_independent_columns_span_what_all_columns_span(school):
    x = school.train.x
    kept = experiments._independent_columns(x)
    assert np.linalg.matrix_rank(x[:, kept]) == len(kept) == np.linalg.matrix_rank(x)


def test_low_rank_without_penalty_is_a_regression_of_each_person(survey):
    """With more ratings than attributes for a person, the squares alone decide."""
    rows = survey.train
    keep = [0, 3, 7, 11]
    rows = rows._replace(x=rows.x[:, keep])
    fit = experiments._low_rank(survey)(rows, 0.0)
    x = np.column_stack([np.ones(len(rows.y)), rows.x[:, 1:]])
    for t in (0, 50):
        own = rows.task == t
        expected = x[own] @ np.linalg.lstsq(x[own], rows.y[own], rcond=None)[0]
        assert fit(rows.x[own], rows.task[own]) == pytest.approx(expected, abs=0.02)


def test_a_large_low_rank_penalty_leaves_each_person_s_mean(survey):
    fit = experiments._low_rank(survey)(survey.train, 1e6)
    means = baselines.task_means(survey.train.task, survey.train.y, survey.tasks)
    assert fit(survey.train.x, survey.train.task) == pytest.approx(
        means[survey.train.task], abs=1e-3
    )


def test_trees_take_the_task_as_a_category(school):
    """The number of a school means nothing: other numbers for the same schools change nothing."""
    setting = experiments.TREES[0]
    fit = experiments._boosted_trees(school)
    rows = school.train
    renamed = np.random.default_rng(0).permutation(school.tasks)
    first = fit(rows, setting)(school.test.x, school.test.task)
    other = fit(rows._replace(task=renamed[rows.task]), setting)(
        school.test.x, renamed[school.test.task]
    )
    assert np.corrcoef(first, other)[0, 1] > 0.999


@pytest.mark.slow
@pytest.mark.parametrize("method", list(experiments.SCHOOL)[6:])
def test_networks_start_alike_for_every_setting(method, school):
    """What was trained before leaves no trace in weights or moments of the optimizer."""
    problem = small(school)
    problem = problem._replace(
        folds=[(np.arange(len(problem.train.y)), np.arange(5))], test=problem.train
    )
    fit = experiments.SCHOOL[method][1](problem)
    setting = (0.01, 60)
    first = fit(problem.train, setting)(problem.train.x, problem.train.task)
    fit(problem.train, (0.1, 60))
    again = fit(problem.train, setting)(problem.train.x, problem.train.task)
    assert again == pytest.approx(first, abs=1e-4)
    assert np.mean((first - problem.train.y) ** 2) < np.var(problem.train.y)
