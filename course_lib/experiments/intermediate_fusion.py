"""What the record of lecture 07 holds: ways to tie two modalities in between, on few rows.

Noisy pictures, read row by row, and noisy recordings of digits. Each seed draws which pairs are
trained with and which are kept to choose settings by; all others are for the test. All networks
have the same branches. Each method, the baselines of a single modality among them, chooses one of
four settings on validation rows: two learning rates times two values of its own option, or four
rates.
"""

import functools
import itertools

import keras
import numpy as np
from keras import layers, ops

from course_lib import datasets
from course_lib.fusion import architectures, merging
from course_lib.fusion.data import inputs, rows
from course_lib.fusion.layers import Aligned, CrossAttention

SEEDS = 10
TRAINED, KEPT = 500, 600  # pairs to train with, and to choose settings by
NOISE = {"picture_noise": 0.5, "sound_noise": 1.0}
EPOCHS, BATCH, UNITS, CLASSES = 15, 50, 32, 10
SHAPES = {"picture": (28, 28), "sound": (31, 32)}
MODALITIES = tuple(SHAPES)
OWN = 0.5  # weight of each modality's own answer in the loss, where a method does not choose it
RATES = (2e-3, 6e-3)
OPTIONS = {
    "concatenation": {"weight": (0.0, 0.5)},  # of each modality's own answer in the loss
    "cross-attention": {"attend": (16, 64)},  # units of the attention
    "modality-wise rates": {"ratio": (0.3, 3.0)},  # of the sound's rate to that of all others
    "gradient blending": {"measured": (3, 10)},  # epochs after which overfitting is measured
    "contrastive alignment": {"align": (0.03, 0.3)},  # its weight beside the loss
}
METHODS = (*MODALITIES, *OPTIONS)
TUNED = {
    "picture": {"rate": 0.004},
    "sound": {"rate": 0.008},
    "concatenation": {"rate": 0.006, "weight": 0.5},
    "cross-attention": {"rate": 0.006, "attend": 64},
    "modality-wise rates": {"rate": 0.006, "ratio": 3.0},
    "gradient blending": {"rate": 0.006, "measured": 10},
    "contrastive alignment": {"rate": 0.006, "align": 0.03},
}
TUNING_SEEDS = (1000, 1001)
CHEAP = {"method": "majority class", "source": "synthetic"}


def settings(method):
    """The four settings among which a method chooses, a list of dictionaries."""
    if method in MODALITIES:
        return [{"rate": rate} for rate in (1e-3, 2e-3, 4e-3, 8e-3)]
    ((option, values),) = OPTIONS[method].items()
    return [{"rate": rate, option: value} for rate, value in itertools.product(RATES, values)]


def tuning():
    """Returns `(seed, configuration)` of every setting; measures are of validation rows."""
    return [
        (seed, {"method": method, "source": "real", "part": "validation", **setting})
        for method in METHODS
        for setting in settings(method)
        for seed in TUNING_SEEDS
    ]


def chosen(frame):
    """The settings with the highest mean accuracy on validation rows.

    Args:
        frame: Rows of the record, a pandas frame.

    Returns:
        Dictionary from method to its setting, as of `TUNED`.
    """
    frame, best = frame[frame.purpose == "tuning"], {}
    for method, found in frame.groupby("method", sort=False):
        options = settings(method)[0]
        accuracy = found.groupby(list(options), sort=False).accuracy.mean()
        values = zip(options.items(), np.atleast_1d(accuracy.idxmax()).tolist())
        best[method] = {name: type(like)(value) for (name, like), value in values}
    return best


def trials(seed):
    """Returns the configurations of one seed: the cheap one, the majority class, then networks."""
    real = {"method": "majority class", "source": "real"}
    return [CHEAP, real, *({**real, "method": name, **TUNED[name]} for name in METHODS)]


@functools.cache
def _load(source):
    """All recordings, as modalities and labels: rows of pixels, and steps of two frames each."""
    data = datasets.load("audiovisual_digits", source, **NOISE).train
    x = inputs(data)
    frames = x["sound"][:, :62].reshape(len(data), 31, 2, 32).mean(axis=2)
    return {"picture": x["picture"][..., 0], "sound": frames}, data.y


def load(seed, source="real"):
    """Draws the recordings of a seed.

    Args:
        seed: Seed of the draw.
        source: `"real"` or `"synthetic"`.

    Returns:
        Dictionary of `"train"`, `"validation"` and `"test"`, each a pair of a dictionary of
        modalities and labels `(rows,)`.
    """
    x, y = _load(source)
    order = np.random.default_rng(seed).permutation(len(y))
    kept = min(KEPT, (len(y) - TRAINED) // 2)  # there are fewer synthetic recordings
    parts = np.split(order, [TRAINED, TRAINED + kept])
    names = ("train", "validation", "test")
    return {name: (rows(x, part), y[part]) for name, part in zip(names, parts)}


def network(names, attend=0, align=0.0):
    """A network with an answer of each modality and, last, of both together.

    Args:
        names: Names of the modalities; a single one has a single answer.
        attend: Units of cross-attention between the steps of both; 0 does without.
        align: Weight of contrastive alignment; 0 aligns nothing.

    Returns:
        A `keras.Model` to logits, `(rows, answers, classes)`.
    """
    given = {name: keras.Input(SHAPES[name], name=name) for name in names}
    branches = {name: architectures.stages(x, name) for name, x in given.items()}
    ends = [
        layers.Dense(UNITS, "relu", name=f"{name}_projection")(branch[3])
        for name, branch in branches.items()
    ]
    features = list(ends)
    if len(ends) > 1:
        joint = [*ends, *(crossed(branches, attend) if attend else [])]
        features.append(layers.Dense(UNITS, "relu", name="joint")(layers.Concatenate()(joint)))
    answers = [layers.Dense(CLASSES)(layers.Dropout(0.3)(x)) for x in features]
    logits = ops.stack(answers, axis=1)
    if align:
        return Aligned(keras.Model(given, [logits, *ends]), align)
    return keras.Model(given, logits)


def crossed(branches, units):
    """What each modality's steps look up in the other one, averaged over the steps.

    Args:
        branches: Dictionary from the two modalities to the stages of their branches.
        units: Units of the attention.

    Returns:
        List of two Keras tensors, `(rows, units)`.
    """
    steps = [layers.Reshape((-1, branch[2].shape[-1]))(branch[2]) for branch in branches.values()]
    return [
        layers.GlobalAveragePooling1D()(CrossAttention(units)(query, value))
        for query, value in (steps, steps[::-1])
    ]


@functools.cache
def compiled(names, rate, epochs, ratio=None, **options):
    """A network that is compiled once for all seeds.

    The labels of its loss are those of rows and, behind them, the weights of the answers.

    Args:
        names: Tuple of the modalities.
        rate: Learning rate at the start; it falls to zero along a cosine.
        epochs: Passes over all rows.
        ratio: Rate of the sound's branch, in units of that of all others; None: one for all.
        **options: As for `network`.

    Returns:
        A `keras.Model`.
    """
    model = network(names, **options)
    steps = epochs * -(-TRAINED // BATCH)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    if ratio is not None:
        rates = {"sound": keras.optimizers.schedules.CosineDecay(ratio * rate, steps)}
        optimizer = architectures.modality_rates(model, optimizer, rates)

    def loss(labelled, logits):
        return merging.additive(ops.cast(labelled[:, 0], "int32"), logits, labelled[:, 1:])

    model.compile(optimizer, loss, steps_per_execution=10, jit_compile=False)
    model.optimizer.build(model.trainable_variables)
    return model


def untrained(seed, *options):
    """The network of a seed, before it is trained; options as for `network`."""
    keras.utils.set_random_seed(seed)
    return network(*options)


def fit(seed, x, y, weights, epochs=EPOCHS, **options):
    """Trains the network of a seed by Adam.

    Args:
        seed: Seed of the network and of the order of rows.
        x: Dictionary of modalities.
        y: Labels, `(rows,)`.
        weights: Weight of each answer in the loss, `(answers,)`.
        epochs: Passes over all rows.
        **options: As for `compiled`.

    Returns:
        The `keras.Model`, and the mean loss of each epoch, a list.
    """
    model = compiled(tuple(x), epochs=epochs, **options)
    start = untrained(seed, tuple(x), options.get("attend", 0), options.get("align", 0.0))
    for variable, value in zip(model.variables, start.variables):
        variable.assign(value)
    for variable in model.optimizer.variables:
        variable.assign(ops.zeros_like(variable))
    labelled = np.column_stack([y, np.tile(weights, (len(y), 1))]).astype("float32")
    history = model.fit(x, labelled, batch_size=BATCH, epochs=epochs, verbose=0).history
    return model, [round(float(value), 4) for value in history["loss"]]


def losses(model, x, y):
    """Mean cross entropy of each answer, `(answers,)`."""
    return -ops.convert_to_numpy(merging.log_probabilities(y, model(x))[0]).mean(axis=0)


def blend(seed, x, y, rate, measured):
    """Weights of gradient blending, from a training of its own with a fifth of its rows kept aside.

    Args:
        seed: Seed of the training.
        x: Dictionary of modalities to train with.
        y: Their labels, `(rows,)`.
        rate: Learning rate at the start.
        measured: Epochs after which overfitting is measured.

    Returns:
        Weights, `(answers,)`.
    """
    parts = np.split(np.arange(len(y)), [4 * len(y) // 5])
    train, aside = ((rows(x, part), y[part]) for part in parts)
    models = [untrained(seed, MODALITIES), fit(seed, *train, np.ones(3), measured, rate=rate)[0]]
    return merging.blending_weights(
        *([losses(model, *part) for model in models] for part in (train, aside))
    )


def train(seed, method, source="real", part="test", **setting):
    """One training, or the majority class.

    Args:
        seed: Seed of the rows and of the network.
        method: A name of `METHODS`, or `"majority class"`.
        source: `"real"` or `"synthetic"`.
        part: Rows to measure, `"test"` or `"validation"`.
        **setting: One of `settings`.

    Returns:
        Dictionary of `measures`, the accuracy in % and with blending the weight of each answer, and
        of `curve`, the mean loss of each epoch.

    Raises:
        ValueError: for an unknown method.
    """
    if method not in ("majority class", *METHODS):
        raise ValueError(f"No method is called {method!r}. There are {METHODS}.")
    drawn = load(seed, source)
    (x, y), (asked, truth) = drawn["train"], drawn[part]
    if method == "majority class":
        return {"measures": {"accuracy": 100 * float(np.mean(truth == np.bincount(y).argmax()))}}
    names = (method,) if method in MODALITIES else MODALITIES
    x, asked = ({name: part[name] for name in names} for part in (x, asked))
    weights, measures = np.eye(len(names) + 1)[-1] if len(names) > 1 else np.ones(1), {}
    if len(names) > 1:
        weights[:2] = setting.pop("weight", OWN)
    if method == "gradient blending":
        weights = blend(seed, x, y, setting["rate"], setting.pop("measured"))
        measures = dict(zip(("weight_picture", "weight_sound", "weight_joint"), weights.tolist()))
    model, curve = fit(seed, x, y, weights, **setting)
    logits = ops.convert_to_numpy(model(asked))[:, -1]
    accuracy = 100 * float(np.mean(logits.argmax(axis=-1) == truth))
    return {"measures": {"accuracy": accuracy, **measures}, "curve": curve}
