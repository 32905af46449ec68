"""What the record of lecture 05 holds: real digits with ten labels a class, by method.

A seed draws 2,000 training digits for validation and 6,000 others, of which ten of each class keep
their labels. All networks are the same, and start from the same weights for the same seed. What has
no label is seen weakly augmented (shifted) and strongly (turned, shifted, resized and covered in
part); labelled digits are shifted, or, for `"supervised, strongly augmented"`, changed as strongly
as the others, or, for `"supervised"`, left as they are. Beside them stand two methods without a
network: logistic regression on the labels alone, and label spreading over all digits.

Every method has six candidates and takes the one with the fewest errors on the validation rows of
`TUNING_SEED`.
"""

import functools

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.semi_supervised import LabelSpreading

from course_lib import datasets
from course_lib.consistency import augmentations, data
from course_lib.consistency.methods import METHODS, Supervised

SEEDS = 8
TUNING_SEED = 1000
SIDE, CLASSES, LABELS = 14, 10, 10
VALIDATION, UNLABELLED = 2000, 6000
STEPS, BATCH, RATIO, AT_ONCE = 300, 32, 4, 50

RATES = (3e-3, 1e-2)
THRESHOLDS = {"threshold": (0.6, 0.8, 0.95)}
WEIGHTS = {"weight": (0.5, 1.0, 3.0)}
GUESSING = {
    "Pseudo-Label": THRESHOLDS,
    "UDA": THRESHOLDS,
    "FixMatch": THRESHOLDS,
    "FlexMatch": THRESHOLDS,
    "FreeMatch": WEIGHTS,
    "SoftMatch": WEIGHTS,
}
FIXED = {"FlexMatch": {"momentum": 0.99}, "FreeMatch": {"momentum": 0.99}}
FIXED |= {"SoftMatch": {"momentum": 0.99}}
SUPERVISED = ("supervised", "supervised, shifted", "supervised, strongly augmented")
CANDIDATES = {
    "logistic regression": [{"C": C} for C in (0.03, 0.1, 0.3, 1.0, 3.0, 10.0)],
    "label spreading": [{"neighbours": n, "alpha": a} for n in (5, 7, 10) for a in (0.2, 0.8)],
    **{
        method: [{"rate": rate} for rate in (1e-3, 2e-3, 3e-3, 5e-3, 1e-2, 2e-2)]
        for method in SUPERVISED
    },
    **{
        method: [{"rate": rate, name: value} for rate in RATES for value in values]
        for method, options in GUESSING.items()
        for name, values in options.items()
    },
}
TUNED = {
    "logistic regression": {"C": 0.3},
    "label spreading": {"neighbours": 10, "alpha": 0.8},
    "supervised": {"rate": 0.02},
    "supervised, shifted": {"rate": 0.005},
    "supervised, strongly augmented": {"rate": 0.01},
    "Pseudo-Label": {"rate": 0.01, "threshold": 0.6},
    "UDA": {"rate": 0.01, "threshold": 0.6},
    "FixMatch": {"rate": 0.01, "threshold": 0.6},
    "FlexMatch": {"rate": 0.01, "threshold": 0.6},
    "FreeMatch": {"rate": 0.01, "weight": 1.0},
    "SoftMatch": {"rate": 0.01, "weight": 0.5},
}
CHEAP = {"method": "logistic regression", "part": "test", "C": 0.3}


def tuning():
    """Returns `(seed, configuration)` of every candidate; measures are of validation rows."""
    return [
        (TUNING_SEED, {"method": method, "part": "validation", **settings})
        for method, candidates in CANDIDATES.items()
        for settings in candidates
    ]


def chosen(frame):
    """The candidate of each method with the fewest errors on validation rows.

    Args:
        frame: Rows of tuning of the record, a pandas frame.

    Returns:
        Dictionary from method to settings, as `TUNED`.
    """

    def error(method, settings):
        rows = frame[frame.method == method]
        same = np.all([rows[name] == value for name, value in settings.items()], axis=0)
        return rows[same].error.mean()

    return {
        method: min(candidates, key=functools.partial(error, method))
        for method, candidates in CANDIDATES.items()
    }


def trials(seed):
    """Returns the configurations of one seed, cheap ones first."""
    return [{"method": method, "part": "test", **settings} for method, settings in TUNED.items()]


def train(seed, method, part, **settings):
    """Trains one method on real digits.

    Args:
        seed: Seed of which digits there are, of their labels, and of the training.
        method: A name of `CANDIDATES`.
        part: Which digits are measured, `"test"` or `"validation"`.
        **settings: The method's settings, as in `CANDIDATES`.

    Returns:
        Dictionary of `measures`, the `error` in percent, and of `curve`, the mean loss of each
        `AT_ONCE` steps.
    """
    keras.utils.set_random_seed(seed)
    (x, y), parts = digits(seed)
    few = data.few_labels(y, LABELS, seed)
    asked, truth = parts[part]
    if method in BASELINES:
        answers, curve = BASELINES[method](x, y, few, asked, **settings), []
    else:
        answers, curve = fit_network(method, x, y, few, asked, seed, **settings)
    return {"measures": {"error": float(100 * np.mean(answers != truth))}, "curve": curve}


@functools.lru_cache(maxsize=1)
def load():
    """Real digits of `SIDE` pixels, from 0 to 255: training and test pictures and classes."""
    found = datasets.load("mnist", "real")
    return [(shrink(part.x), part.y) for part in (found.train, found.test)]


def shrink(pictures):
    """Means of squares of pixels, `(pictures, SIDE, SIDE, 1)` float32."""
    step = pictures.shape[1] // SIDE
    squares = pictures.reshape(len(pictures), SIDE, step, SIDE, step)
    return squares.mean(axis=(2, 4), dtype="float32")[..., None]


def digits(seed):
    """The digits of a seed.

    Args:
        seed: Seed of the draw.

    Returns:
        Pictures and classes to train with, and a dictionary of those of the parts `"validation"`
        and `"test"`.
    """
    (x, y), test = load()
    order = np.random.default_rng(seed).permutation(len(x))
    validation, rows = np.split(order[: VALIDATION + UNLABELLED], [VALIDATION])
    return (x[rows], y[rows]), {"validation": (x[validation], y[validation]), "test": test}


def fit_logistic(x, y, few, asked, C):
    """Answers of a logistic regression on the pixels of the labelled digits."""
    flat = [pictures.reshape(len(pictures), -1) / 255 for pictures in (x[few], asked)]
    return LogisticRegression(C=C, max_iter=300).fit(flat[0], y[few]).predict(flat[1])


def fit_spreading(x, y, few, asked, neighbours, alpha):
    """Answers of label spreading over all digits, each by its nearest neighbours."""
    known = np.full(len(y), -1)  # scikit-learn's mark for no label
    known[few] = y[few]
    flat = [pictures.reshape(len(pictures), -1) / 255 for pictures in (x, asked)]
    spread = LabelSpreading(kernel="knn", n_neighbors=neighbours, alpha=alpha, max_iter=100)
    return spread.fit(flat[0], known).predict(flat[1])


BASELINES = {"logistic regression": fit_logistic, "label spreading": fit_spreading}


def network():
    """Two convolutions with batch normalisation, from pixels from 0 to 255 to ten logits."""
    stack = [keras.Input((SIDE, SIDE, 1)), layers.Rescaling(1 / 255)]
    for filters, width, stride in ((16, 5, 2), (32, 3, 2)):
        stack += [
            layers.Conv2D(filters, width, stride, padding="same", use_bias=False),
            layers.BatchNormalization(momentum=0.9),
            layers.ReLU(),
        ]
    return keras.Sequential([*stack, layers.Flatten(), layers.Dense(CLASSES)])


def looks(seed):
    """The weak and the strong augmentation of digits."""
    weak = augmentations.crop_and_flip(0.1, flip=False, seed=seed)
    change = {"fill_mode": "constant", "seed": seed}
    strong = [
        layers.RandomRotation(0.1, **change),
        layers.RandomZoom(0.2, 0.2, **change),
        augmentations.crop_and_flip(0.15, flip=False, seed=seed),
        augmentations.cutout(0.1, seed=seed),
    ]
    return weak, keras.Sequential(strong)


def fit_network(method, x, y, few, asked, seed, rate, **options):
    """Answers of a network, and the curve of its loss.

    Args:
        method: A name of `SUPERVISED` or `GUESSING`.
        x: Pictures to train with, of which all are seen without their labels.
        y: Their classes.
        few: Numbers of the rows whose labels are known.
        asked: Pictures to answer for.
        seed: Seed of the order of rows.
        rate: Adam's first learning rate, which falls to zero as a cosine.
        **options: Options of the method.

    Returns:
        Classes, `(pictures,)`, and a list of losses.
    """
    weak, strong = looks(seed)
    augment = {SUPERVISED[0]: data.keep, SUPERVISED[2]: strong}.get(method, weak)
    views = {"Pseudo-Label": (weak,)}.get(method, (weak, strong))
    model = METHODS.get(method, Supervised)(network(), **FIXED.get(method, {}), **options)
    falling = keras.optimizers.schedules.CosineDecay(rate, STEPS)
    model.compile(
        keras.optimizers.Adam(falling),
        metrics=[],
        steps_per_execution=AT_ONCE,
        jit_compile=keras.backend.backend() == "jax",
    )
    batches = data.batches(
        x[few],
        y[few],
        x,
        views[: model.views],
        augment=augment,
        batch_size=BATCH,
        ratio=RATIO,
        seed=seed,
    )
    history = model.fit(
        batches, steps_per_epoch=AT_ONCE, epochs=STEPS // AT_ONCE, shuffle=False, verbose=0
    ).history
    answers = model.predict(asked, batch_size=500, verbose=0).argmax(axis=1)
    return answers, np.round(history["loss"], 4).tolist()
