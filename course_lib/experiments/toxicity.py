"""What the record of lecture 13 holds: what sharing is worth on Tox21 and on ChEMBL.

Tox21 is split by molecule in 80, 10 and 10 %, five times. Of the training labels a share is kept:
of all assays alike, or of one assay only while the other eleven keep theirs. Methods are a constant
score, logistic regression, a random forest, a network per assay, and one masked network for all
assays. ChEMBL is split the same way; there the rivals are the protein's mean and ridge regression.

Each method's settings are the best of `BUDGET` on the validation rows, with all their labels, of a
split of its own; at 5 % of the labels those of 10 % are used. This split is none of the recorded
ones, but draws from the same molecules.
"""

import functools
import itertools

import keras
import numpy as np
from keras import layers
from scipy import sparse
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge, RidgeCV
from sklearn.metrics import roc_auc_score

from course_lib import datasets
from course_lib.multitask.losses import Present

SEEDS = 5
SHARES = (0.05, 0.1, 0.3, 1.0)
TUNED_SHARES = (0.1, 0.3, 1.0)
THINNED = "SR-MMP"
NETWORK_SPLITS = 3
TUNING_SEEDS = {"tox21": (1000,), "chembl": (1000, 1001)}
BUDGET = 16
BATCH = 128
MIN_LABELS = 30


def _networks(shapes, penalties, **others):
    """`BUDGET` settings of a network: shapes × learning rates × penalties × others."""
    names = "width", "depth", "rate", "penalty", *others
    every = itertools.product(shapes, (1e-3, 3e-3), penalties, *others.values())
    return [dict(zip(names, (*shape, *values)), dropout=0.5) for shape, *values in every]


CLASSES = {"balanced": (False, True), "steps": (1000,)}
CANDIDATES = {
    "logistic regression": [{"C": float(c)} for c in np.logspace(-4, 1.5, BUDGET).round(5)],
    "random forest": [
        {"features": features, "leaf": leaf, "balanced": balanced}
        for features in (0.01, 0.02, 0.05, 0.1)
        for leaf in (1, 3)
        for balanced in (False, True)
    ],
    # twelve separate networks together have as many weights as the multi-task network
    "separate networks": _networks([(80, 1), (128, 2)], (3e-4, 3e-3), **CLASSES),
    "multi-task network": _networks([(1024, 1), (1024, 2)], (3e-4, 3e-3), **CLASSES),
    "ridge": [{"penalty": float(p)} for p in np.logspace(-0.5, 3, BUDGET).round(3)],
    "protein network": _networks([(1024, 1), (2048, 1)], (1e-4, 1e-3), steps=(1500, 4500)),
}
TOX21 = ("logistic regression", "random forest", "separate networks", "multi-task network")
CHEMBL = ("ridge", "protein network")
TUNED = {
    "logistic regression": {"0.1": {"C": 0.19953}, "0.3": {"C": 0.08577}, "1.0": {"C": 0.03687}},
    "random forest": {
        "0.1": {"features": 0.05, "leaf": 1, "balanced": True},
        "0.3": {"features": 0.01, "leaf": 3, "balanced": True},
        "1.0": {"features": 0.02, "leaf": 1, "balanced": True},
    },
    "separate networks": {
        "0.1": {
            "width": 80,
            "depth": 1,
            "rate": 0.003,
            "penalty": 0.003,
            "balanced": False,
            "steps": 1000,
            "dropout": 0.5,
        },
        "0.3": {
            "width": 80,
            "depth": 1,
            "rate": 0.003,
            "penalty": 0.003,
            "balanced": False,
            "steps": 1000,
            "dropout": 0.5,
        },
        "1.0": {
            "width": 128,
            "depth": 2,
            "rate": 0.003,
            "penalty": 0.003,
            "balanced": True,
            "steps": 1000,
            "dropout": 0.5,
        },
    },
    "multi-task network": {
        "0.1": {
            "width": 1024,
            "depth": 2,
            "rate": 0.003,
            "penalty": 0.003,
            "balanced": True,
            "steps": 1000,
            "dropout": 0.5,
        },
        "0.3": {
            "width": 1024,
            "depth": 2,
            "rate": 0.003,
            "penalty": 0.0003,
            "balanced": False,
            "steps": 1000,
            "dropout": 0.5,
        },
        "1.0": {
            "width": 1024,
            "depth": 2,
            "rate": 0.001,
            "penalty": 0.0003,
            "balanced": False,
            "steps": 1000,
            "dropout": 0.5,
        },
    },
    "ridge": {"penalty": 7.943},
    "protein network": {
        "width": 2048,
        "depth": 1,
        "rate": 0.001,
        "penalty": 0.0001,
        "steps": 4500,
        "dropout": 0.5,
    },
}

CHEAP = {"data": "tox21", "source": "synthetic", "method": "logistic regression"}
CHEAP |= {"share": 0.1, "thinned": "all", "split": "random", "C": 0.1}


def tuning():
    """Returns `(seed, configuration)` of every candidate; measures are of validation rows."""
    runs = []
    for seed, method in itertools.product(TUNING_SEEDS["chembl"], CHEMBL):
        runs += [(seed, _chembl(method, **s)) for s in CANDIDATES[method]]
    for seed, share, method in itertools.product(TUNING_SEEDS["tox21"], TUNED_SHARES, TOX21):
        few = {"trees": 50} if method == "random forest" else {}
        runs += [(seed, _tox21(method, share, **s, **few)) for s in CANDIDATES[method]]
    return runs


def chosen(frame):
    """Returns what the rows of tuning say: the best settings by method and share.

    Args:
        frame: The record, a row a training.

    Returns:
        As `TUNED`: settings by method (ChEMBL), or by method and share (Tox21).
    """
    frame, best = frame[frame.purpose == "tuning"], {}
    for method in TOX21:
        best[method] = {
            str(share): _best(frame[frame.share == share], method, "valid_auc", max)
            for share in TUNED_SHARES
        }
    for method in CHEMBL:
        best[method] = _best(frame, method, "valid_rmse", min)
    return best


def _best(frame, method, measure, best):
    """The candidate of a method with the best mean of a measure over the tuning splits."""
    rows = frame[frame.method == method]

    def mean(settings):
        same = np.all([rows[key] == value for key, value in settings.items()], axis=0)
        return rows[measure][same].mean()

    return best(CANDIDATES[method], key=mean)


def trials(seed):
    """Returns the configurations of one seed, cheap and important ones first.

    The largest networks are trained on the first `NETWORK_SPLITS` splits.
    """
    networks = ("multi-task network", "separate networks")
    runs = [CHEAP, _chembl("protein mean"), _chembl("ridge", **TUNED["ridge"])]
    runs += [_chembl("ridge, own penalties")]
    runs += [_tox21("constant", share) for share in SHARES]
    runs += [_tuned("logistic regression", share) for share in SHARES]
    runs += [_tuned("random forest", share) for share in TUNED_SHARES]
    runs += [_tuned("multi-task network", share, THINNED) for share in SHARES[:-1]]
    if seed < NETWORK_SPLITS:
        runs += [_tuned(m, share) for share, m in itertools.product(TUNED_SHARES, networks)]
        runs += [_chembl("protein network", **TUNED["protein network"])]
    return runs


def _tox21(method, share, thinned="all", **settings):
    same = {"data": "tox21", "source": "real", "method": method, "share": share}
    return same | {"thinned": thinned, "split": "random", **settings}


def _chembl(method, **settings):
    return {"data": "chembl", "source": "real", "method": method, **settings}


def _settings(method, share):
    settings = TUNED[method][str(max(share, min(TUNED_SHARES)))]
    return settings | {"trees": 200} if method == "random forest" else settings


def _tuned(method, share, thinned="all"):
    """A method on Tox21 with its settings; those of all labels where eleven assays keep theirs."""
    settings = _settings(method, share if thinned == "all" else 1.0)
    return _tox21(method, share, thinned, **settings)


def train(seed, data, source, method, **configuration):
    """Trains one method on one split.

    Args:
        seed: Seed of the split, of which labels are kept, and of the training.
        data: `"tox21"` or `"chembl"`.
        source: `"real"`, or `"synthetic"`.
        method: Name of the method.
        configuration: For Tox21 `share` of labels kept, `thinned` (`"all"` or one assay's name)
            and `split`; then the method's settings.

    Returns:
        A dict: `measures`, and `curve`. Of Tox21, ROC AUC as a mean over assays and of each; of
        ChEMBL, RMSE as a mean over proteins with at least 30 labels and over all their labels, and
        as a curve each such protein's number of training labels, test labels and RMSE. Seeds of
        tuning have measures of the validation rows only.
    """
    keras.utils.set_random_seed(seed)
    table = _load(data, source, seed if source == "synthetic" else 0)
    parts = table.split(configuration.pop("split", "random"), seed=seed)
    if data == "chembl":
        return _train_chembl(seed, table, parts, method, **configuration)
    return _train_tox21(seed, table, parts, method, **configuration)


@functools.lru_cache(maxsize=3)
def _load(data, source, seed):
    return datasets.load(data, source, seed=seed)


def _train_tox21(seed, table, parts, method, share, thinned, **settings):
    train, valid, test = parts
    assays = range(len(table.tasks)) if thinned == "all" else [table.tasks.index(thinned)]
    y = thin(table.y[train], share, assays, seed)
    asked = valid if seed in TUNING_SEEDS["tox21"] else test
    scores, curve = SCORES[method](table.x[train], y, table.x[asked], seed, **settings)
    aucs = assay_aucs(table.y[asked], scores)
    if seed in TUNING_SEEDS["tox21"]:
        return {"measures": {"valid_auc": aucs.mean()}, "curve": curve}
    own = {f"auc_{assay}": auc for assay, auc in zip(table.tasks, aucs)}
    return {"measures": {"auc": aucs.mean(), **own}, "curve": curve}


def thin(y, share, assays, seed):
    """Hides labels of some assays.

    The same share of positives and negatives is kept, at least one of each. What a small share
    keeps, a larger one of the same seed keeps as well, and which other assays are thinned makes no
    difference.

    Args:
        y: Labels, `(rows, assays)`, NaN where missing.
        share: Share of each assay's labels to keep, above 0.
        assays: Numbers of the assays to thin.
        seed: Seed of the draw.

    Returns:
        A copy of the labels with more of them NaN.
    """
    y = y.copy()
    for assay in assays:
        order = np.random.default_rng([seed, assay]).permutation(len(y))
        for label in (0, 1):
            rows = order[y[order, assay] == label]
            y[rows[max(1, round(share * len(rows))) :], assay] = np.nan
    return y


def assay_aucs(labels, scores):
    """ROC AUC of each assay over its present labels, `(assays,)`."""
    present = ~np.isnan(labels)
    columns = zip(labels.T, scores.T, present.T)
    return np.array([roc_auc_score(y[p], score[p]) for y, score, p in columns])


def score_constant(x, y, asked, seed):
    """The same score for every molecule, `(asked, assays)`: its AUC is 0.5."""
    return np.zeros((len(asked), y.shape[1])), []


def _score_each(model, x, y, asked, score):
    """Scores by one model for each assay, fitted on the rows that have its label."""
    x, asked = sparse.csr_matrix(x.astype("float32")), sparse.csr_matrix(asked.astype("float32"))
    columns = []
    for labels in y.T:
        present = ~np.isnan(labels)
        columns.append(score(model.fit(x[present], labels[present]), asked))
    return np.stack(columns, axis=1), []


def score_logistic(x, y, asked, seed, C):
    """Scores by a logistic regression for each assay, `(asked, assays)`."""
    model = LogisticRegression(C=C, class_weight="balanced", solver="liblinear")
    return _score_each(model, x, y, asked, lambda model, x: model.decision_function(x))


def score_forest(x, y, asked, seed, features, leaf, balanced, trees):
    """Scores by a random forest for each assay, `(asked, assays)`."""
    model = RandomForestClassifier(
        trees,
        max_features=features,
        min_samples_leaf=leaf,
        class_weight="balanced" if balanced else None,
        random_state=seed,
        n_jobs=1,
    )
    return _score_each(model, x, y, asked, lambda model, x: model.predict_proba(x)[:, 1])


def masked_network(bits, tasks, width, depth, dropout, penalty):
    """One network for all tasks; only its last layer has weights of a task's own.

    Args:
        bits: Length of a fingerprint.
        tasks: Number of tasks.
        width: Units of the first hidden layer; each further one has half.
        depth: Number of hidden layers.
        dropout: Rate of dropout after hidden layers; 0.2 of the input bits are dropped.
        penalty: Weight of the sum of squared kernels.

    Returns:
        A model from `(batch, bits)` to `(batch, tasks, 1)`.
    """
    inputs = keras.Input((bits,))
    hidden = layers.Dropout(0.2)(inputs)
    for number in range(depth):
        regularizer = keras.regularizers.L2(penalty)
        hidden = layers.Dense(width >> number, "relu", kernel_regularizer=regularizer)(hidden)
        hidden = layers.Dropout(dropout)(hidden)
    return keras.Model(inputs, layers.Reshape((tasks, 1))(layers.Dense(tasks)(hidden)))


def separate_networks(bits, tasks, width, depth, dropout, penalty):
    """A network per task, all in one model: a kernel holds every task's, which never meet.

    Args:
        bits: As for `masked_network`, and so are the others.
        tasks: Number of tasks.
        width: Units of a task's first hidden layer.
        depth: Number of hidden layers.
        dropout: Rate of dropout.
        penalty: Weight of the sum of squared kernels.

    Returns:
        A model from `(batch, tasks, bits)` to `(batch, tasks, 1)`.
    """
    inputs = keras.Input((tasks, bits))
    hidden = layers.Dropout(0.2)(inputs)
    for number in range(depth):
        regularizer = keras.regularizers.L2(penalty / tasks)  # as losses are averaged over tasks
        hidden = _dense_each(hidden, width >> number, "relu", regularizer)
        hidden = layers.Dropout(dropout)(hidden)
    return keras.Model(inputs, _dense_each(hidden, 1))


def _dense_each(hidden, units, activation=None, regularizer=None):
    """A dense layer of each task's own; each kernel starts as Glorot's does for one task."""
    _, tasks, features = hidden.shape
    limit = np.sqrt(6 / (features + units))
    return layers.EinsumDense(
        "btf,tfu->btu",
        (tasks, units),
        activation=activation,
        bias_axes="tu",
        kernel_initializer=keras.initializers.RandomUniform(-limit, limit),
        kernel_regularizer=regularizer,
    )(hidden)


def whole_batches(rows, size, seed):
    """Shuffles rows, and repeats some of them, so that they fill batches of `BATCH`.

    Args:
        rows: Numbers of rows.
        size: How many are needed at least.
        seed: Seed of the order.

    Returns:
        Numbers of rows, `size` of them or up to `BATCH - 1` more.
    """
    return np.resize(np.random.default_rng(seed).permutation(rows), -(-size // BATCH) * BATCH)


def class_weights(y):
    """Weights of labels, `(rows, tasks)`, by which each class of a task weighs the same in all."""
    positive = np.nanmean(y, axis=0)
    return np.where(y == 1, 0.5 / positive, 0.5 / (1 - positive)).astype("float32")


def fit_network(model, loss, x, y, rate, steps, balanced=False, verbose=0):
    """Trains a model with Adam in whole epochs; the rate falls to zero along a cosine.

    Args:
        model: A model to `(batch, tasks, 1)`.
        loss: A loss.
        x: Inputs, whole batches.
        y: Labels, `(rows, tasks)`.
        rate: Learning rate at the start.
        steps: Number of steps after which the rate is zero; the last epoch is the one before.
        balanced: Whether positive labels weigh as much as negative ones.
        verbose: As of `fit`.

    Returns:
        The mean loss of each epoch, a list.
    """
    epochs = max(1, steps // (len(x) // BATCH))
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    model.compile(
        keras.optimizers.Adam(schedule), loss, jit_compile=keras.backend.backend() == "jax"
    )
    weights = class_weights(y) if balanced else None
    history = model.fit(x, y[..., None], BATCH, epochs, verbose=verbose, sample_weight=weights)
    return [round(value, 4) for value in history.history["loss"]]


def _predict(model, x):
    return model.predict(x, batch_size=1024, verbose=0)[..., 0]


def _fit_masked(loss, x, y, asked, seed, rate, steps, balanced=False, **sizes):
    """Outputs of one masked network, `(asked, tasks)`, and the mean loss of each epoch."""
    x, asked = x.astype("float32"), asked.astype("float32")
    labelled = np.flatnonzero(~np.isnan(y).all(axis=1))
    rows = whole_batches(labelled, len(labelled), seed)
    model = masked_network(x.shape[1], y.shape[1], **sizes)
    curve = fit_network(model, Present(loss), x[rows], y[rows], rate, steps, balanced)
    return _predict(model, asked), curve


def score_network(x, y, asked, seed, **settings):
    """Logits of one masked network, `(asked, assays)`, and the mean loss of each epoch."""
    binary = keras.losses.BinaryCrossentropy(from_logits=True, reduction=None)
    return _fit_masked(binary, x, y, asked, seed, **settings)


def score_separate(x, y, asked, seed, rate, steps, balanced=False, verbose=0, **sizes):
    """Logits of a network for each assay, `(asked, assays)`, and the mean loss of each epoch.

    Each network draws its batches from the rows that have its assay's label. All make the same
    number of steps, so that those with fewer rows see theirs more often.
    """
    x, asked = x.astype("float32"), asked.astype("float32")
    present = ~np.isnan(y)
    most = present.sum(axis=0).max()
    rows = np.stack(
        [whole_batches(np.flatnonzero(p), most, [seed, t]) for t, p in enumerate(present.T)], axis=1
    )
    labels = np.take_along_axis(y, rows, axis=0)
    model = separate_networks(x.shape[1], y.shape[1], **sizes)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    curve = fit_network(model, loss, x[rows], labels, rate, steps, balanced, verbose)
    return _predict(model, np.repeat(asked[:, None], y.shape[1], axis=1)), curve


SCORES = {
    "constant": score_constant,
    "logistic regression": score_logistic,
    "random forest": score_forest,
    "separate networks": score_separate,
    "multi-task network": score_network,
}


def _train_chembl(seed, table, parts, method, **settings):
    train, valid, test = parts
    asked = valid if seed in TUNING_SEEDS["chembl"] else test
    y = table.y[train]
    counts = np.sum(~np.isnan(y), axis=0)
    means = (np.nansum(y, axis=0) + np.nanmean(y)) / (counts + 1)  # none measured: mean of all
    scored = np.sum(~np.isnan(table.y), axis=0) >= MIN_LABELS
    predicted, curve = PREDICTIONS[method](
        table.x[train], y - means, table.x[asked], scored, seed, **settings
    )
    errors = (predicted + means - table.y[asked])[:, scored]
    errors = errors[:, ~np.isnan(errors).all(axis=0)]
    of_proteins = np.sqrt(np.nanmean(errors**2, axis=0))
    if seed in TUNING_SEEDS["chembl"]:
        return {"measures": {"valid_rmse": of_proteins.mean()}, "curve": curve}
    of_all = np.sqrt(np.nanmean(errors**2))
    tested = scored & ~np.isnan(table.y[asked]).all(axis=0)
    return {
        "measures": {"rmse": of_proteins.mean(), "rmse_all_labels": of_all},
        "curve": {
            "loss": curve,
            "training_labels": counts[tested].tolist(),
            "test_labels": np.sum(~np.isnan(table.y[asked][:, tested]), axis=0).tolist(),
            "rmse": of_proteins.round(3).tolist(),
        },
    }


def predict_mean(x, y, asked, scored, seed):
    """Zero, as labels are differences from the protein's mean, `(asked, proteins)`."""
    return np.zeros((len(asked), y.shape[1])), []


def predict_ridge(x, y, asked, scored, seed, penalty=None):
    """Predictions by a ridge regression for each scored protein, `(asked, proteins)`.

    Args:
        x: Fingerprints, `(rows, bits)`.
        y: Labels, `(rows, proteins)`, NaN where missing.
        asked: Fingerprints to predict for.
        scored: Which proteins to fit, `(proteins,)` bool.
        seed: Not used; ridge draws nothing.
        penalty: Weight of the squared coefficients of every protein; if None, each protein has
            the candidate with the smallest leave-one-out error on its training labels.

    Returns:
        Predictions, zero for the other proteins, and an empty list.
    """
    penalties = [candidate["penalty"] for candidate in CANDIDATES["ridge"]]
    predicted = np.zeros((len(asked), y.shape[1]))
    for protein in np.flatnonzero(scored):
        rows = ~np.isnan(y[:, protein])
        model = RidgeCV(penalties) if penalty is None else Ridge(penalty)
        model.fit(x[rows].astype("float64"), y[rows, protein])
        predicted[:, protein] = model.predict(asked)
    return predicted, []


def predict_network(x, y, asked, scored, seed, **settings):
    """Predictions of one masked network, `(asked, proteins)`, and the mean loss of each epoch."""
    return _fit_masked("mean_squared_error", x, y, asked, seed, **settings)


PREDICTIONS = {
    "protein mean": predict_mean,
    "ridge": predict_ridge,
    "ridge, own penalties": predict_ridge,
    "protein network": predict_network,
}
