"""What the record of lecture 10 holds: colour and garment, alone and together, on the dresses.

Test pictures and blue dresses are those of the loader. A seed draws four fifths of the other
pictures to train with, whole groups of near duplicates at a time; the rest is for validation.
Methods are the majority class, logistic regressions on thumbnails (one per label, or one over pairs
of labels), and networks with two heads on a common trunk or on two trunks, that show grey pictures
to the garment's head, or that learn from recoloured copies whose colour is missing.

Each method has four candidates, and takes the one with the best mean accuracy of both labels on the
validation rows of the seeds `TUNING_SEEDS`. Blue dresses play no part in that choice. All shares of
recoloured copies use the settings of the full share.
"""

import functools

import keras
import numpy as np
from keras import layers, ops
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit

from course_lib import datasets
from course_lib.datasets.pictures.dresses import duplicates
from course_lib.multitask import architectures

SEEDS = 5
TUNING_SEEDS = (1000,)
SIZE = 32
THUMBNAIL = 16
BATCH = 64
TASKS = ("colour", "garment")
CUTS = (4, 0)
FEW_LABELS = 50
SHARES = (0.05, 0.2)
MISSING = -1

NETWORK_CANDIDATES = [{"rate": r, "epochs": e} for r in (1e-3, 4e-3) for e in (8, 16)]
LOGISTIC_CANDIDATES = [{"C": C} for C in (1e-3, 1e-2, 0.1, 1.0)]
LOGISTIC = ("logistic regression", "logistic regression, pairs")
MENDED = ("grey", "recoloured")
TUNED = {
    "logistic regression, all labels": {"C": 1.0},
    "logistic regression, pairs, all labels": {"C": 0.01},
    "logistic regression, 50 labels": {"C": 1.0},
    "network, cut 4, all labels": {"rate": 0.004, "epochs": 8},
    "network, cut 0, all labels": {"rate": 0.004, "epochs": 16},
    "network, cut 4, 50 labels": {"rate": 0.004, "epochs": 16},
    "network, cut 0, 50 labels": {"rate": 0.004, "epochs": 16},
    "grey, all labels": {"rate": 0.001, "epochs": 16},
    "recoloured, all labels": {"rate": 0.004, "epochs": 8},
}
CHEAP = {"method": "logistic regression", "labels": 50, "part": "test", "C": 1.0}


def families():
    """Returns `(configuration, candidates)` of every method that has settings to choose."""
    baselines = [_configuration(method) for method in LOGISTIC]
    baselines += [_configuration(LOGISTIC[0], FEW_LABELS)]
    networks = [_configuration("network", n, cut=c) for n in ("all", FEW_LABELS) for c in CUTS]
    networks += [_configuration(method) for method in MENDED]
    found = [(baseline, LOGISTIC_CANDIDATES) for baseline in baselines]
    return found + [(network, NETWORK_CANDIDATES) for network in networks]


def _configuration(method, labels="all", **settings):
    share = {"share": 1.0} if method == "recoloured" else {}
    return {"method": method, "labels": labels, **share, **settings}


def _name(configuration):
    """A family's name, such as `"network, cut 4, 50 labels"`."""
    cut = f", cut {configuration['cut']:.0f}" if "cut" in configuration else ""
    return f"{configuration['method']}{cut}, {configuration['labels']} labels"


def tuning():
    """Returns `(seed, configuration)` of every candidate; measures are of validation rows."""
    return [
        (seed, family | {"part": "validation"} | settings)
        for seed in TUNING_SEEDS
        for family, candidates in families()
        for settings in candidates
    ]


def chosen(frame):
    """Returns what the rows of tuning say.

    Args:
        frame: The record, a row a training.

    Returns:
        As `TUNED`: the best candidate of each family, by the family's name.
    """
    frame = frame[frame.purpose == "tuning"]

    def rows_of(settings):
        return np.all([frame[key] == value for key, value in settings.items()], axis=0)

    return {
        _name(family): max(
            candidates,
            key=lambda settings: frame.validation[rows_of(family | settings)].mean(),
        )
        for family, candidates in families()
    }


def trials(seed):
    """Returns the configurations of one seed, cheap ones first."""
    runs = [_configuration("majority class") | {"part": "test"}]
    runs += [_tuned(family) for family, _ in families()]
    runs += [_tuned(_configuration("recoloured"), share=share) for share in SHARES]
    return runs


def _tuned(family, **changes):
    return family | {"part": "test"} | TUNED[_name(family)] | changes


def train(seed, method, labels, part, **settings):
    """Trains one method on the real dresses.

    Args:
        seed: Seed of which pictures to train with, and of the training.
        method: `"majority class"`, a name of `LOGISTIC` or of `MENDED`, or `"network"`.
        labels: Number of training pictures whose garment is known, or `"all"`.
        part: `"test"`, or `"validation"` for a candidate.
        settings: The method's settings: `C`; `cut`, `rate`, `epochs`; `share` of the pictures that
            get a recoloured copy.

    Returns:
        A dict: `measures`, and as `curve` a network's losses by task, a value an epoch. For test
        rows the measures are percentages right of colour, garment and both, the percentages of
        blue dresses that are called blue, and called each of the garments, and the number of a
        network's parameters; for validation rows the percentages right and their mean.
    """
    keras.utils.set_random_seed(seed)
    data = load()
    rows, validation = split(seed)
    x = scaled(data.train.x)
    y = {task: getattr(data.train, task)[rows] for task in TASKS}
    if labels != "all":
        y["garment"][np.random.default_rng(seed).permutation(len(rows))[labels:]] = MISSING
    asked = {"test": scaled(data.test.x), "unseen": scaled(data.unseen.x)}
    if part == "validation":
        asked = {"validation": x[validation]}
    if method in FITS:
        answers, extra, curve = FITS[method](x[rows], y, asked, **settings), {}, []
    else:
        answers, extra, curve = fit_network(method, x[rows], y, asked, seed, **settings)
    if part == "validation":
        truth = {task: getattr(data.train, task)[validation] for task in TASKS}
        measures = accuracies(answers["validation"], truth)
        measures["validation"] = (measures["colour"] + measures["garment"]) / 2
    else:
        measures = accuracies(answers["test"], {task: getattr(data.test, task) for task in TASKS})
        measures |= of_unseen(answers["unseen"], data.unseen) | extra
    return {"measures": measures, "curve": curve}


@functools.lru_cache(maxsize=1)
def load():
    """The real dresses at `SIZE` pixels, loaded once."""
    return datasets.load("dresses", "real", size=SIZE)


@functools.lru_cache(maxsize=1)
def _groups():
    return duplicates(load().train.x)


def split(seed):
    """Rows to train with and to validate with; near duplicates stay on one side.

    Args:
        seed: Seed of the split.

    Returns:
        Two arrays of row numbers of the training pictures, about four fifths and one fifth.
    """
    groups = _groups()
    return next(GroupShuffleSplit(1, test_size=0.2, random_state=seed).split(groups, groups=groups))


def scaled(x):
    """Pictures as float32 from −1 to 1."""
    return x.astype("float32") / 127.5 - 1


def accuracies(answers, truth):
    """Percentages right of each task, and of both at once.

    Args:
        answers: Dictionary from task to class numbers, `(rows,)`.
        truth: The same of the labels.

    Returns:
        Dictionary from `"colour"`, `"garment"` and `"both"` to percentages.
    """
    right = {task: answers[task] == truth[task] for task in TASKS}
    right["both"] = right["colour"] & right["garment"]
    return {name: float(100 * hits.mean()) for name, hits in right.items()}


def of_unseen(answers, unseen):
    """What pictures of the unseen pair are called, in percent.

    Args:
        answers: Dictionary from task to class numbers, `(rows,)`.
        unseen: `Garments` of one pair.

    Returns:
        `unseen_colour`, the percentage whose colour is right, and `unseen_GARMENT`, the
        percentage that is called each garment.
    """
    called = 100 * np.bincount(answers["garment"], minlength=len(unseen.garments)) / len(unseen)
    measures = {"unseen_colour": float(100 * np.mean(answers["colour"] == unseen.colour))}
    return measures | {f"unseen_{name}": float(p) for name, p in zip(unseen.garments, called)}


def fit_majority(x, y, asked):
    """Answers with each task's most frequent label: a dictionary from part to task to classes."""
    most = {task: np.bincount(labels[labels != MISSING]).argmax() for task, labels in y.items()}
    return {
        part: {task: np.full(len(pictures), most[task]) for task in TASKS}
        for part, pictures in asked.items()
    }


def thumbnails(x):
    """Means of squares of pixels, `(pictures, THUMBNAIL · THUMBNAIL · 3)`."""
    step = x.shape[1] // THUMBNAIL
    return x.reshape(len(x), THUMBNAIL, step, THUMBNAIL, step, 3).mean((2, 4)).reshape(len(x), -1)


def fit_logistic(x, y, asked, C):
    """Answers of a logistic regression on thumbnails for each task."""
    answers = {part: {} for part in asked}
    for task, labels in y.items():
        known = labels != MISSING
        model = LogisticRegression(C=C, max_iter=300).fit(thumbnails(x[known]), labels[known])
        for part, pictures in asked.items():
            answers[part][task] = model.predict(thumbnails(pictures))
    return answers


def fit_pairs(x, y, asked, C):
    """Answers of one logistic regression on thumbnails whose classes are the pairs that it saw."""
    pairs = 4 * y["colour"] + y["garment"]
    model = LogisticRegression(C=C, max_iter=300).fit(thumbnails(x), pairs)
    pairs = {part: model.predict(thumbnails(pictures)) for part, pictures in asked.items()}
    return {part: {"colour": pair // 4, "garment": pair % 4} for part, pair in pairs.items()}


FITS = {
    "majority class": fit_majority,
    "logistic regression": fit_logistic,
    "logistic regression, pairs": fit_pairs,
}


def two_heads(shape, cut=4, grey=False):
    """A network for both tasks.

    Args:
        shape: Shape of a picture.
        cut: Number of the four stages that both tasks share; with 0 there are two networks.
        grey: Whether the garment's head sees the mean of the three colour channels only. Shuffled
            channels then make no difference to the garment.

    Returns:
        A model from pictures to logits, a dictionary from task.
    """

    def convolution(filters, width):
        return lambda name: layers.Conv2D(filters, width, 2, "same", activation="relu", name=name)

    def dense(name):
        return keras.Sequential([layers.Flatten(), layers.Dense(48, "relu")], name=name)

    stages = [convolution(16, 5), convolution(24, 3), convolution(32, 3), dense]
    heads = {
        "colour": lambda name: layers.Dense(3, name=name),
        "garment": lambda name: layers.Dense(4, name=name),
    }
    network = architectures.shared(keras.Input(shape), stages, heads, cut)
    if not grey:
        return network
    pictures = keras.Input(shape)
    without_colour = ops.repeat(ops.mean(pictures, axis=-1, keepdims=True), 3, axis=-1)
    return keras.Model(
        pictures,
        {"colour": network(pictures)["colour"], "garment": network(without_colour)["garment"]},
    )


def recolour(x, rng):
    """Each picture with its colour channels in a random order.

    Args:
        x: Pictures, `(pictures, height, width, 3)`.
        rng: A `numpy.random.Generator`.

    Returns:
        Pictures of the same shape.
    """
    order = rng.permuted(np.tile(np.arange(3), (len(x), 1)), axis=1)
    return np.take_along_axis(x, order[:, None, None, :], axis=3)


def with_copies(x, y, share, rng):
    """Adds recoloured copies: their garment is known, their colour is missing.

    Args:
        x: Pictures.
        y: Dictionary from task to labels.
        share: Share of the pictures that get a copy.
        rng: A `numpy.random.Generator`.

    Returns:
        Pictures and labels, the copies at the end.
    """
    copied = rng.permutation(len(x))[: round(share * len(x))]
    return np.concatenate([x, recolour(x[copied], rng)]), {
        "colour": np.concatenate([y["colour"], np.full(len(copied), MISSING)]),
        "garment": np.concatenate([y["garment"], y["garment"][copied]]),
    }


def fit_network(method, x, y, asked, seed, rate, epochs, cut=4, share=0.0):
    """Trains a network of two heads on the sum of their losses over the labels present.

    Args:
        method: `"network"`, or a name of `MENDED`.
        x: Pictures to train with.
        y: Dictionary from task to labels, −1 where missing.
        asked: Dictionary from part to pictures.
        seed: Seed of which pictures are copied, and how.
        rate: Adam's first learning rate, which falls to zero as a cosine.
        epochs: Number of epochs.
        cut: As of `two_heads`.
        share: As of `with_copies`.

    Returns:
        Answers (a dictionary from part to task to classes), the number of parameters as a
        dictionary, and losses by task.
    """
    if share:
        x, y = with_copies(x, y, share, np.random.default_rng(seed))
    model = two_heads(x.shape[1:], cut, method == "grey")
    steps = epochs * -(-len(x) // BATCH)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=MISSING)
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps)),
        loss={task: loss for task in TASKS},
        jit_compile=keras.backend.backend() == "jax",
    )
    history = model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0).history
    logits = {part: model.predict(pictures, 256, verbose=0) for part, pictures in asked.items()}
    answers = {
        part: {task: values.argmax(axis=1) for task, values in both.items()}
        for part, both in logits.items()
    }
    curve = {task: np.round(history[f"{task}_loss"], 4).tolist() for task in TASKS}
    return answers, {"parameters": model.count_params()}, curve
