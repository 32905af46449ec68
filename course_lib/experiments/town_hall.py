"""What the record of lecture 14 holds: three ways of sharing, and eleven assays that may help one.

- `"survey"`: 190 people rate twenty computers; twelve ratings each are for training, eight for the
  test. Features (`rows`: one choice of features for everybody) and parameters (`plus`: w₀ + v_t)
  are shared, beside each person's mean, everybody's slopes, and a ridge regression or lasso each.
- `"school"`: ten students of each school are for training, all others for the test. Instances
  (`instances`: other schools' students count, but less) are shared, beside each school's mean, one
  ridge regression for each school or for all, everybody's slopes with each school's own level, and
  w₀ + v_t.
- `"assay"`: SR-p53 with 100 labels, alone or with 800 labels of another assay, true or shuffled.

Every method of the survey and of the schools chooses one of eight penalties by cross-validation of
the split's training rows; those of the assays choose one of twelve settings by the rows of purpose
"tuning". The mean has nothing to choose.
"""

import functools
import itertools

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score

from course_lib import datasets, metrics
from course_lib.multitask import baselines

SEEDS, OTHER_SEEDS = 100, 20  # splits of the survey, whose gains are small; of the others
RATED, STUDENTS, FOLDS = 12, 10, 4
MAIN, LABELS, OTHER_LABELS = "SR-p53", 100, 800
MOLECULES = 4000  # of the synthetic Tox21
STEPS = 200
TUNED = {"alone": [5000, 0.0], "together": [1000, 0.9], "forest": [1, 0.03]}
TUNING_SEEDS = range(1000, 1005)
ALONE = [[p, 0.0] for p in (2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000)]
TOGETHER = [[p, share] for p in (100, 300, 1000, 3000) for share in (0.5, 0.7, 0.9)]
FOREST = [[leaf, share] for leaf in (1, 2, 3, 5) for share in (0.03, 0.1, 0.3)]
TUNING_PARTNER = "SR-ATAD5"
CHEAP = {"example": "survey", "method": "rows", "source": "synthetic"}
ASSAYS = tuple(datasets.module_of("tox21").ASSAYS)


def ridge(x, y, penalty):
    """Ridge regressions of all columns of `y`, `(features, tasks)`."""
    return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ y)


def shrink_rows(weights, threshold):
    """Takes the threshold off the norm of each row, down to zero."""
    norms = np.linalg.norm(weights, axis=1, keepdims=True)
    return weights * np.maximum(1 - threshold / np.maximum(norms, 1e-12), 0)


def shrink_entries(weights, threshold):
    """Takes the threshold off the size of each entry, down to zero."""
    return np.sign(weights) * np.maximum(np.abs(weights) - threshold, 0)


def proximal(x, y, penalty, shrink):
    """Minimises ½‖y − xW‖² + penalty · (sum of the sizes that `shrink` shrinks).

    Args:
        x: Features, `(rows, features)`, the same rows for all tasks.
        y: Labels, `(rows, tasks)`.
        penalty: Weight of the sizes.
        shrink: Proximal step, a function of weights and threshold.

    Returns:
        Weights, `(features, tasks)`.
    """
    rate = 1 / np.linalg.norm(x, 2) ** 2
    weights = np.zeros((x.shape[1], y.shape[1]))
    for _ in range(STEPS):
        weights = shrink(weights - rate * x.T @ (x @ weights - y), rate * penalty)
    return weights


def slopes(x, y, penalty):
    """The same slopes for all tasks."""
    return np.tile(ridge(x, y.mean(axis=1, keepdims=True), penalty), y.shape[1])


def plus(x, y, penalties):
    """w₀ + v_t: everybody's slopes, then a ridge regression of what they leave over."""
    shared = ridge(x, y.mean(axis=1, keepdims=True), penalties[0])
    return shared + ridge(x, y - x @ shared, penalties[1])


def mean_only(x, y, _):
    """No slopes: what remains is each task's mean."""
    return np.zeros((x.shape[1], y.shape[1]))


SURVEY = {
    "mean": (mean_only, [0]),
    "slopes": (slopes, [0.1, 0.3, 1, 3, 10, 30, 100, 300]),
    "ridge": (ridge, [1, 3, 10, 20, 30, 50, 100, 200]),
    "lasso": (functools.partial(proximal, shrink=shrink_entries), [1, 2, 3, 5, 7, 10, 15, 25]),
    "rows": (functools.partial(proximal, shrink=shrink_rows), [3, 10, 20, 30, 50, 70, 100, 150]),
    "plus": (plus, list(itertools.product([1, 10], [10, 30, 100, 300]))),
}


def separate(x, task, y, penalty):
    """A ridge regression for each school."""
    return baselines.separate_ridge(x, task, y, task.max() + 1, penalty)


def pooled(x, task, y, penalty):
    """One ridge regression for all schools."""
    return np.tile(baselines.ridge(x, y, penalty), (task.max() + 1, 1))


def levels(x, task, y, penalty):
    """One ridge regression, and each school's own level; the last column is the bias."""
    coefficients = pooled(x, task, y, 1.0)
    left = y - baselines.predict(coefficients, x, task)
    rows = np.bincount(task)
    coefficients[:, -1] += np.bincount(task, weights=left) / (rows + penalty)
    return coefficients


def shared_plus_own(x, task, y, penalty):
    """w₀ + v_t in closed form."""
    return baselines.shared_plus_own_ridge(x, task, y, task.max() + 1, penalty)


def instances(x, task, y, weight):
    """For each school a ridge regression on all rows; those of other schools weigh `weight`."""
    coefficients = []
    for school in range(task.max() + 1):
        root = np.sqrt(np.where(task == school, 1.0, weight))
        coefficients.append(baselines.ridge(root[:, None] * x, root * y, 1.0))
    return np.stack(coefficients)


def school_means(x, task, y, _):
    """Each school's mean; the last column is the bias."""
    coefficients = np.zeros((task.max() + 1, x.shape[1]))
    coefficients[:, -1] = baselines.task_means(task, y, task.max() + 1)
    return coefficients


SCHOOL = {
    "mean": (school_means, [0]),
    "separate": (separate, [1, 3, 10, 20, 30, 50, 100, 200]),
    "pooled": (pooled, [0.1, 0.3, 1, 3, 10, 30, 100, 300]),
    "levels": (levels, [1, 3, 5, 10, 20, 30, 60, 100]),
    "plus": (shared_plus_own, [10, 20, 30, 50, 100, 200, 400, 800]),
    "instances": (instances, [0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.4, 1.0]),
}


def folds(rows, rng):
    """`FOLDS` pairs of row numbers, to fit and held out."""
    parts = np.array_split(rng.permutation(rows), FOLDS)
    return [(np.setdiff1d(np.arange(rows), part), part) for part in parts]


def survey_error(ratings, designs, fit, penalty, train, test):
    """Root mean squared error of the ratings `(designs, people)` of the test designs."""
    mean, centre = ratings[train].mean(axis=0), designs[train].mean(axis=0)
    weights = fit(designs[train] - centre, ratings[train] - mean, penalty)
    return metrics.rmse(ratings[test], mean + (designs[test] - centre) @ weights)


def train_survey(seed, method, source):
    """One method on one split of the designs."""
    survey = datasets.load("computer_survey", source, seed=seed)
    designs, ratings = survey.designs[:, 1:].astype("float64"), survey.ratings.T.astype("float64")
    rng = np.random.default_rng(seed)
    train, test = np.split(rng.permutation(len(designs)), [RATED])
    fit, penalties = SURVEY[method]
    parts = folds(RATED, rng)

    def held_out(penalty):
        errors = [
            survey_error(ratings, designs, fit, penalty, train[kept], train[out])
            for kept, out in parts
        ]
        return np.mean(np.square(errors))

    penalty = min(penalties, key=held_out)
    return {"rmse": survey_error(ratings, designs, fit, penalty, train, test)}


@functools.lru_cache(maxsize=2)
def _load(name, source, seed, **options):
    return datasets.load(name, source, seed=seed, **options)


def train_school(seed, method, source):
    """One method on one draw of ten students of each school."""
    school = _load("school", source, seed if source == "synthetic" else 0)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(school.y))
    order = order[np.argsort(school.task[order], kind="stable")]
    place = np.arange(len(order)) - np.searchsorted(school.task[order], school.task[order])
    train, test = order[place < STUDENTS], order[place >= STUDENTS]
    x = school.x.astype("float64")
    scaled = school.select(level="school")[:2]
    x[:, scaled] = (x[:, scaled] - x[train][:, scaled].mean(axis=0)) / x[train][:, scaled].std(0)
    y, task = school.y - school.y[train].mean(), school.task
    fit, penalties = SCHOOL[method]
    part = place[place < STUDENTS] % 5  # two students of each school in each
    halves = [(np.flatnonzero(part != k), np.flatnonzero(part == k)) for k in range(5)]
    penalty = baselines.choose_penalty(fit, x[train], task[train], y[train], penalties, halves)
    coefficients = fit(x[train], task[train], y[train], penalty)
    return {"rmse": metrics.rmse(y[test], baselines.predict(coefficients, x[test], task[test]))}


def scores(x, label, task, share, penalty, new):
    """Kernel ridge regression of several tasks; returns the first task's scores of new rows.

    Args:
        x: Features of all tasks' rows, `(rows, features)`.
        label: Labels, centred in each task, `(rows,)`.
        task: Number of each row's task, `(rows,)`; the main one is 0.
        share: How much rows of different tasks count as alike, 0 to 1.
        penalty: Weight of the ridge.
        new: Features of rows of the main task, `(new rows, features)`.

    Returns:
        Scores, `(new rows,)`.
    """
    alike = np.where(task[:, None] == task, 1.0, share)
    coefficients = np.linalg.solve(alike * (x @ x.T) + penalty * np.eye(len(x)), label)
    return (new @ x.T * np.where(task == 0, 1.0, share)) @ coefficients


def _draw(y, rows, number, rng):
    """Row numbers with a label, at most `number` of them."""
    return rng.permutation(rows[~np.isnan(y[rows])])[:number]


def train_assay(seed, method, source, partner=None, setting=None, part="test"):
    """The main assay alone (`"alone"`, `"forest"`) or with a partner (`"together"`, `"decoy"`)."""
    size = {"molecules": MOLECULES} if source == "synthetic" else {}
    data = _load("tox21", source, seed if source == "synthetic" else 0, **size)
    rows = dict(zip(("train", "validation", "test"), data.split("random", (0.6, 0.1, 0.3), seed)))
    x, rng = data.x.astype("float64"), np.random.default_rng(seed)
    main = data.y[:, data.tasks.index(MAIN)]
    held_out = rows[part][~np.isnan(main[rows[part]])]
    own = _draw(main, rows["train"], LABELS, rng)
    setting = setting or TUNED["together" if method == "decoy" else method]
    if method == "forest":
        options = dict(zip(("min_samples_leaf", "max_features"), setting))
        model = RandomForestClassifier(300, **options, random_state=seed)
        score = model.fit(x[own], main[own]).predict_proba(x[held_out])[:, -1]
        return {"auc": float(roc_auc_score(main[held_out], score))}
    chosen, label, task = own, main[own] - main[own].mean(), np.zeros(len(own), int)
    if partner:
        other = data.y[:, data.tasks.index(partner)]
        theirs = _draw(other, rows["train"], OTHER_LABELS, rng)
        values = rng.permutation(other[theirs]) if method == "decoy" else other[theirs]
        chosen = np.concatenate([own, theirs])
        label = np.concatenate([label, values - values.mean()])
        task = np.repeat([0, 1], [len(own), len(theirs)])
    score = scores(x[chosen], label, task, setting[1], setting[0], x[held_out])
    return {"auc": float(roc_auc_score(main[held_out], score))}


TRAIN = {"survey": train_survey, "school": train_school, "assay": train_assay}


def tuning():
    """Settings of the assays, on validation rows of five splits of the real data."""
    grids = {"alone": ALONE, "forest": FOREST, "together": TOGETHER}
    return [
        (
            seed,
            {
                "example": "assay",
                "method": method,
                "source": "real",
                "partner": TUNING_PARTNER if method == "together" else None,
                "setting": setting,
                "part": "validation",
            },
        )
        for seed in TUNING_SEEDS
        for method, grid in grids.items()
        for setting in grid
    ]


def chosen(frame):
    """The setting of each method of the assays with the largest mean AUC of the tuning rows."""
    rows = frame[frame.purpose == "tuning"]
    best = {}
    for method in TUNED:
        of_method = rows[rows.method == method]
        means = of_method.groupby(of_method.setting.map(tuple)).auc.mean()
        best[method] = list(means.idxmax())
    return best


def trials(seed):
    """All methods of the survey and, for the first seeds, of schools and assays."""
    survey = [{"example": "survey", "method": m, "source": s} for s in SOURCES for m in SURVEY]
    if seed >= OTHER_SEEDS:
        return survey
    partners = [assay for assay in ASSAYS if assay != MAIN]
    return [
        *survey,
        *({"example": "school", "method": m, "source": s} for s in SOURCES for m in SCHOOL),
        *({"example": "assay", "method": m, "source": "real"} for m in ("alone", "forest")),
        *(
            {"example": "assay", "method": m, "source": "real", "partner": p}
            for m in ("together", "decoy")
            for p in partners
        ),
    ]


SOURCES = ("real", "synthetic")


def train(seed, example, **configuration):
    """Fits one method of one example on one split.

    Args:
        seed: Seed of the split, and of the data where they are synthetic.
        example: `"survey"`, `"school"` or `"assay"`.
        configuration: Further keys of a configuration of `trials` or `tuning`.

    Returns:
        Dictionary of `measures` (`rmse` or `auc`) and an empty `curve`.
    """
    return {"measures": TRAIN[example](seed, **configuration), "curve": []}
