"""What the record of lecture 09 holds: School and the computer survey, from few labels to all.

A seed is a split: the ten standard ones of School (seeds 0 to 9), and a random choice of five
held-out computers of the survey (seeds 0 to 19). What takes longer than a closed form runs on the
first splits alone (`LONG_SPLITS`, `FEW_SPLITS`). A method has four settings to choose from, in
`SCHOOL` and `SURVEY`; every training tries all four on held-out *training* rows, takes the best and
fits again on all its training rows. Nothing is chosen from other splits, for their training rows
are test rows here: `tuning` is empty, and a row's curve holds the four validation errors. Trivial
baselines have nothing to choose. Closed forms are measured on the synthetic twin, too.
"""

import functools
import warnings
from typing import NamedTuple

import keras
import numpy as np
import statsmodels.api as sm
from keras import ops
from scipy.linalg import qr
from sklearn.ensemble import HistGradientBoostingRegressor
from statsmodels.regression.mixed_linear_model import MixedLMParams
from statsmodels.tools.sm_exceptions import ConvergenceWarning

from course_lib import datasets, metrics
from course_lib.multitask import baselines, proximal, sharing, training

SEEDS = 20
SCHOOL_SPLITS = 10
LONG_SPLITS = 10  # for what takes longer than a closed form
FEW_SPLITS = 3  # for that with few labels, and for Methods One and Two
SHARES = (1.0, 0.05, 0.1, 0.25, 0.5)
DESIGNS = (15, 4, 8, 12)
TUNED = {}
CHEAP = {"data": "school", "source": "synthetic", "method": "w0 + v_t", "share": 0.1}
HIDDEN = 64
ROUNDS = 5  # of a training, with a lower rate each


class Rows(NamedTuple):
    """Rows of all tasks.

    Attributes:
        x: Features, `(rows, features)`.
        task: Number of each row's task, `(rows,)` integer.
        y: Labels, `(rows,)`.
    """

    x: np.ndarray
    task: np.ndarray
    y: np.ndarray

    def take(self, rows):
        """The rows with the given numbers."""
        return Rows(self.x[rows], self.task[rows], self.y[rows])


class Problem(NamedTuple):
    """One split of a data set, prepared by its training rows alone.

    Attributes:
        train: Training rows, with standardised labels.
        test: Test rows, with labels in points.
        folds: Pairs of row numbers of `train`, to fit and held out.
        mean: Mean of the training labels, in points.
        unit: What labels were divided by, in points.
        tasks: Number of tasks.
        slopes: For each setting of the mixed-effects model, the columns with random slopes.
        seed: Seed of networks and trees.
    """

    train: Rows
    test: Rows
    folds: list
    mean: float
    unit: float
    tasks: int
    slopes: tuple
    seed: int


def tuning():
    """No training of its own: every training tunes on its own training rows."""
    return []


def chosen(frame):
    """The settings that hold for all trainings: none."""
    return {}


def trials(seed):
    """The trainings of one split.

    Args:
        seed: Number of the split, from 0.

    Returns:
        A list of configurations, arguments of `train`.
    """
    survey = [
        {"data": "survey", "source": "real", "method": method, "designs": designs}
        for designs in DESIGNS
        for method in SURVEY
        if seed < (FEW_SPLITS if designs < 15 else LONG_SPLITS) or method in SURVEY_CLOSED
    ]
    if seed >= SCHOOL_SPLITS:
        return survey
    school = [
        {"data": "school", "source": source, "method": method, "share": share}
        for source, methods in (("real", SCHOOL), ("synthetic", CLOSED))
        for share in SHARES
        for method in methods
        if method in CLOSED
        or (seed < FEW_SPLITS and (share == 1 or method in SCARCE))
        or (seed < LONG_SPLITS and share == 1 and not method.startswith("shared trunk, "))
    ]
    return school + survey


def train(seed, *, data, source, method, share=None, designs=None):
    """Tunes a method on a split's training rows, fits it, and measures it on the test rows.

    Args:
        seed: Number of the split; also the seed of synthetic data and of networks.
        data: `"school"` or `"survey"`.
        source: `"real"` or `"synthetic"`.
        method: One of `SCHOOL` or of `SURVEY`.
        share: Share of each school's training rows that has labels, in (0, 1].
        designs: Number of the 15 training designs that each person of the survey has rated.

    Returns:
        Dictionary with `"measures"` and `"curve"`, the validation error of each setting in points.

    Raises:
        KeyError: for another data set or method.
    """
    problem = {"school": _school, "survey": _survey}[data](seed, source, share or designs)
    settings, method_of = {"school": SCHOOL, "survey": SURVEY}[data][method]
    fit = method_of(problem)

    def error(setting):
        squares = []
        for rows, held_out in problem.folds:
            out = problem.train.take(held_out)
            predicted = fit(problem.train.take(rows), setting)(out.x, out.task)
            squares.append(np.mean((out.y - predicted) ** 2))
        return problem.unit * np.sqrt(np.mean(squares))

    errors = [error(setting) for setting in settings] if len(settings) > 1 else [0.0]
    best = int(np.argmin(errors))
    standardised = fit(problem.train, settings[best])(problem.test.x, problem.test.task)
    predicted = problem.mean + problem.unit * standardised
    measures = {"rmse": metrics.rmse(problem.test.y, predicted), "setting": best}
    definitions = {"school": ("pooled", "per_task", "within"), "survey": ("pooled", "within")}
    for definition in definitions[data]:  # some people rate all five held-out computers the same
        measures[f"ev_{definition}"] = 100 * metrics.explained_variance(
            problem.test.y, predicted, problem.test.task, definition
        )
    return {"measures": measures, "curve": [float(error) for error in errors]}


def _school(seed, source, share):
    """School: the percentages scaled by training rows; from each school a share of its rows."""
    school = datasets.load("school", source, seed=seed)
    rows, test = school.splits[seed]
    rng = np.random.default_rng([seed, 9])
    rows = np.concatenate([_share(rng, rows[school.task[rows] == t], share) for t in range(139)])
    x = school.x.astype("float64")
    percentages = [i for i, column in enumerate(school.columns) if "%" in column.meaning]
    x[:, percentages] -= x[rows][:, percentages].mean(axis=0)
    x[:, percentages] /= x[rows][:, percentages].std(axis=0)
    names = [column.name for column in school.columns]
    slopes = tuple(
        [names.index(name) for name in group]
        for group in ((), ("vr1",), ("girl",), ("vr1", "girl"))
    )
    order = rng.permutation(len(rows))
    quarters = np.array_split(order, 4)[: 2 if share <= 0.1 else 1]
    folds = [(np.setdiff1d(order, quarter), quarter) for quarter in quarters]
    return _problem(
        Rows(x, school.task, school.y), rows, test, folds, school.tasks, slopes, seed=seed
    )


def _share(rng, rows, share):
    """A random share of one school's rows, at least two."""
    return rng.permutation(rows)[: max(2, round(share * len(rows)))]


def _survey(seed, source, designs):
    """The survey: five designs held out for all; each person has rated some of the other 15."""
    survey = datasets.load("computer_survey", source, seed=seed)
    rng = np.random.default_rng([seed, 20])
    order = rng.permutation(len(survey.designs))
    every = Rows(*survey.rows(order))
    place = np.tile(np.arange(20), survey.tasks)
    rank = np.argsort(np.argsort(rng.random((survey.tasks, 15)), axis=1), axis=1)
    rated = np.concatenate([rank < designs, np.zeros((survey.tasks, 5), bool)], axis=1).ravel()
    rows = np.flatnonzero(rated)
    folds = [
        (np.flatnonzero(place[rows] % 5 != fold), np.flatnonzero(place[rows] % 5 == fold))
        for fold in range(2)
    ]
    names = [column.name for column in survey.columns]
    slopes = tuple(
        [names.index(name) for name in group]
        for group in ((), ("price",), ("processor",), ("price", "processor"))
    )
    x = every.x.astype("float64")
    x[:, 0] = 3  # the same penalty then hardly touches a person's own level
    return _problem(
        every._replace(x=x), rows, np.flatnonzero(place >= 15), folds, survey.tasks, slopes, seed
    )


def _problem(every, rows, test, folds, tasks, slopes, seed):
    """Standardises the labels by the training rows."""
    mean, unit = every.y[rows].mean(), every.y[rows].std()
    standardised = every._replace(y=(every.y - mean) / unit)
    return Problem(
        standardised.take(rows), every.take(test), folds, mean, unit, tasks, slopes, seed
    )


# Methods: a function of a problem that returns `fit(rows, setting)`, which returns
# `predict(x, task)`, the standardised predictions.


def _task_means(problem):
    def fit(rows, setting):
        means = baselines.task_means(rows.task, rows.y, problem.tasks)
        return lambda x, task: means[task]

    return fit


def _pooled_ridge(problem):
    def fit(rows, penalty):
        weights = baselines.ridge(rows.x, rows.y, penalty)
        return lambda x, task: x @ weights

    return fit


def _closed_form(solve, problem):
    def fit(rows, penalty):
        coefficients = solve(rows.x, rows.task, rows.y, problem.tasks, penalty)
        return lambda x, task: baselines.predict(coefficients, x, task)

    return fit


def _low_rank(problem):
    """min ½ Σ (y − b_t − x w_t)² + λ ‖W‖_* by accelerated proximal steps (Beck, Teboulle 2009)."""

    def fit(rows, penalty):
        attributes = rows.x[:, 1:]
        most = np.bincount(rows.task, minlength=problem.tasks).max()
        rate = 1 / (most * (1 + attributes.shape[1]))  # the squares' largest possible curvature
        w = ahead = np.zeros((1 + attributes.shape[1], problem.tasks))
        x = np.column_stack([np.ones(len(attributes)), attributes])
        momentum = 1.0
        for _ in range(100):
            errors = np.sum(x * ahead.T[rows.task], axis=1) - rows.y
            gradient = np.zeros((problem.tasks, x.shape[1]))
            np.add.at(gradient, rows.task, errors[:, None] * x)
            stepped = ahead - rate * gradient.T
            small = proximal.shrink_singular_values(stepped[1:], rate * penalty)
            new = np.concatenate([stepped[:1], ops.convert_to_numpy(small)])
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead, w = new + (momentum - 1) / following * (new - w), new
            momentum = following
        return lambda x, task: w[0, task] + np.sum(x[:, 1:] * w[1:].T[task], axis=1)

    return fit


def _mixed_effects(problem):
    """A random intercept and random slopes for each task, by restricted maximum likelihood."""

    def fit(rows, setting):
        columns = problem.slopes[setting]
        fixed = _independent_columns(rows.x)
        random = np.column_stack([np.ones(len(rows.x)), rows.x[:, columns]])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # a variance of zero is an answer
            warnings.simplefilter("ignore", UserWarning)
            model = sm.MixedLM(rows.y, rows.x[:, fixed], rows.task, random)
            small = MixedLMParams.from_components(
                np.zeros(len(fixed)), cov_re=0.1 * np.eye(random.shape[1])
            )  # from the default, 1, the first step can be too long: a likelihood without end
            found = model.fit(reml=True, method="lbfgs", start_params=small)
        if not np.isfinite(found.llf):
            raise ValueError(
                f"The mixed-effects model of setting {setting} has the likelihood {found.llf}: its "
                "fit has diverged. Start from smaller variances."
            )
        weights = np.asarray(found.fe_params)
        own = _predicted_effects(
            random, rows.task, rows.y - rows.x[:, fixed] @ weights, found, problem.tasks
        )

        def predict(x, task):
            random = np.column_stack([np.ones(len(x)), x[:, columns]])
            return x[:, fixed] @ weights + np.sum(random * own[task], axis=1)

        return predict

    return fit


def _independent_columns(x):
    """Numbers of columns that span all: indicators that sum to one leave some over."""
    _, triangle, order = qr(x, mode="economic", pivoting=True)
    size = np.abs(np.diag(triangle))
    return np.sort(order[: len(size)][size > 1e-6 * size[0]])


def _predicted_effects(random, task, errors, found, tasks):
    """Each task's random effects, Ψ Zᵀ (Z Ψ Zᵀ + σ² I)⁻¹ e: also where Ψ is singular."""
    covariance = np.asarray(found.cov_re)
    own = np.zeros((tasks, random.shape[1]))
    for t in np.unique(task):
        z = random[task == t]
        total = z @ covariance @ z.T + found.scale * np.eye(len(z))
        own[t] = covariance @ z.T @ np.linalg.solve(total, errors[task == t])
    return own


def _boosted_trees(problem):
    """Gradient-boosted trees; the task is a category."""

    def fit(rows, setting):
        trees = HistGradientBoostingRegressor(
            **setting,
            learning_rate=0.05,
            categorical_features=[rows.x.shape[1]],
            early_stopping=False,
            random_state=problem.seed,
        ).fit(np.column_stack([rows.x, rows.task]), rows.y)
        return lambda x, task: trees.predict(np.column_stack([x, task]))

    return fit


def _network(build, problem, method=None):
    """A network of `sharing`, trained by random batches, Method One or Method Two.

    Built once and started from the same weights for every setting: compiling costs more than
    training.
    """
    keras.utils.set_random_seed(problem.seed)
    model = build(problem)
    if method == "one":
        model = training.MethodOne(model.inputs, model.outputs, problem.tasks)
    model.compile(keras.optimizers.Adam(), "mse", jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    start = model.get_weights()

    def fit(rows, setting):
        rate, steps = setting
        model.set_weights(start)
        for variable in model.optimizer.variables:
            variable.assign(ops.zeros_like(variable))
        decay = keras.callbacks.LearningRateScheduler(
            lambda done: rate * np.cos(np.pi / 2 * done / ROUNDS) ** 2
        )
        model.fit(
            _batches(rows, method, problem.seed),
            steps_per_epoch=steps // ROUNDS,
            epochs=ROUNDS,
            callbacks=[decay],
            shuffle=False,
            verbose=0,
        )
        return lambda x, task: ops.convert_to_numpy(model([x.astype("float32"), task]))[:, 0]

    return fit


def _batches(rows, method, seed):
    """Endless batches: of one task for Method Two, else of all tasks' rows in random order."""
    x, y = rows.x.astype("float32"), rows.y.astype("float32")
    if method == "two":
        batches = training.MethodTwo(x, rows.task, y, "uniform", steps=10**6, seed=seed)
        yield from (batches[step] for step in range(len(batches)))
    rng = np.random.default_rng(seed)
    size = min(2048 if method == "one" else 512, len(y))
    while True:
        for drawn in np.array_split(rng.permutation(len(y)), len(y) // size):
            yield (x[drawn], rows.task[drawn]), y[drawn]


def _gated_plus_own(problem):
    """The gated network plus w₀ + v_t, whose λ the closed form chooses on held-out rows, too."""

    def solve(x, task, y, penalty):
        return baselines.shared_plus_own_ridge(x, task, y, problem.tasks, penalty)

    penalty = baselines.choose_penalty(solve, *problem.train, PENALTIES, problem.folds)

    def build(problem):
        features = problem.train.x.shape[1]
        x, task = keras.Input((features,)), keras.Input((), dtype="int32")
        gated = sharing.gated(problem.tasks, features, [HIDDEN])([x, task])
        own = sharing.shared_plus_own(problem.tasks, features, penalty / len(problem.train.y))
        return keras.Model([x, task], keras.layers.Add()([gated, own([x, task])]))

    return _network(build, problem)


def _pooled_network(problem):
    return sharing.pooled(problem.train.x.shape[1], [HIDDEN])


def _gated_network(problem):
    return sharing.gated(problem.tasks, problem.train.x.shape[1], [HIDDEN])


def _shared_trunk(problem, losses=1):
    """The penalty counts as much beside a sum of several losses as beside one."""
    penalty = losses * 20 / len(problem.train.y)
    return sharing.shared_trunk(problem.tasks, problem.train.x.shape[1], [HIDDEN], penalty=penalty)


def _for_schools(build, problem):
    """A network of `sharing` that knows the school, with the penalty of the shared trunk."""
    penalty = 20 / len(problem.train.y)
    return build(problem.tasks, problem.train.x.shape[1], [HIDDEN], penalty=penalty)


def _accumulated_trunk(problem):
    return _shared_trunk(problem, losses=problem.tasks)


def _of(build, method=None):
    return functools.partial(_network, build, method=method)


PENALTIES = (10, 30, 100, 300)
ACCUMULATED = ((0.01, 50), (0.03, 50), (0.01, 150), (0.03, 150))
ONE_TASK = ((0.005, 600), (0.01, 600), (0.005, 1500), (0.01, 1500))
NETWORK = ((0.005, 50), (0.01, 35), (0.02, 60), (0.02, 150))
TREES = (
    {"max_iter": 100, "max_leaf_nodes": 8},
    {"max_iter": 200, "max_leaf_nodes": 8},
    {"max_iter": 100, "max_leaf_nodes": 31},
    {"max_iter": 200, "max_leaf_nodes": 31},
)
OWN = functools.partial(_closed_form, baselines.separate_ridge)
SHARED_PLUS_OWN = functools.partial(_closed_form, baselines.shared_plus_own_ridge)
SCHOOL = {
    "school mean": ((None,), _task_means),
    "pooled ridge": ((1, 10, 100, 1000), _pooled_ridge),
    "independent ridge": ((1, 3, 10, 30), OWN),
    "w0 + v_t": (PENALTIES, SHARED_PLUS_OWN),
    "mixed effects": ((0, 1, 2, 3), _mixed_effects),
    "boosted trees": (TREES, _boosted_trees),
    "gated network": (NETWORK, _of(_gated_network)),
    "gated + w0 + v_t": (NETWORK, _gated_plus_own),
    "pooled network": (NETWORK, _of(_pooled_network)),
    "shared trunk": (NETWORK, _of(_shared_trunk)),
    "shared trunk, Method One": (ACCUMULATED, _of(_accumulated_trunk, "one")),
    "shared trunk, Method Two": (ONE_TASK, _of(_shared_trunk, "two")),
    "separate networks": (NETWORK, _of(functools.partial(_for_schools, sharing.separate))),
    "MMoE": (NETWORK, _of(functools.partial(_for_schools, sharing.mmoe))),
    "CGC": (NETWORK, _of(functools.partial(_for_schools, sharing.cgc))),
}
CLOSED, SCARCE = tuple(SCHOOL)[:4], tuple(SCHOOL)[:7]
SURVEY_CLOSED = ("person's mean", "pooled ridge", "independent ridge", "w0 + v_t")
SURVEY = {
    "person's mean": ((None,), _task_means),
    "pooled ridge": ((1, 10, 100, 1000), _pooled_ridge),
    "independent ridge": ((1, 3, 10, 30), OWN),
    "w0 + v_t": ((1, 3, 10, 30), SHARED_PLUS_OWN),
    "mixed effects": ((0, 1, 2, 3), _mixed_effects),
    "low rank": ((5, 10, 20, 40), _low_rank),
}
