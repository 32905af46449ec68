"""What the record of lecture 12 holds: balances of losses on rooms, where they can matter.

As in lecture 11, the main task is the segmentation, with labels on 20 of 700 rendered rooms, and
all tasks share one trunk. There are four settings:

- `"metres"`: depth and normals are auxiliary tasks, depth in metres;
- `"millimetres"`: the same, but the loss of depth is counted in millimetres;
- `"noisy"`: the depth of each training room is that of another room;
- `"colour"`: a third auxiliary task is to repeat the picture, with an error in grey levels. It
  needs of the trunk what the segmentation has to forget, and its unit makes it the loudest.

In a fifth one, `"pixels"`, all balances meet, those from the Gramian of gradients among them. It is
the small network of the lecture, which sees one pixel and its surroundings at a time, with all
labels and depth in millimetres, but on more rooms and for longer.
"""

import dataclasses
import functools

import keras
import numpy as np
from keras import ops

from course_lib.multitask import architectures, balancing, dense
from course_lib.multitask.losses import Present

SEEDS = 5
LABELLED, STEPS, EPOCHS, BATCH = 20, 20, 20, 8
RATE, HIGHER_RATE = 4e-3, 8e-3
TASKS = {
    "metres": dense.TASKS,
    "millimetres": dense.TASKS,
    "noisy": dense.TASKS,
    "colour": (*dense.TASKS, "colour"),
}
GREY = 127.5  # grey levels in the colour task's unit of 1
UNITS = {"millimetres": 1000.0}  # of depth, to a metre; elsewhere 1
LIKELIHOODS = {
    "segmentation": "softmax",
    "depth": "laplace",
    "normals": "von mises-fisher",
    "colour": "laplace",
}

# Each method chooses one of four settings on validation rooms. Constants, the rival of them all,
# choose one of eight: four weights, at each of two rates.
RATES = (1e-3, 2e-3, 4e-3, 8e-3)
OPTIONS = {
    "equal": ("rate", RATES),
    "constants": ("weight", None),
    "random": ("rate", RATES),
    "uncertainty": ("rate", RATES),
    "uncertainty from 0": ("rate", RATES),
    "dwa": ("temperature", (0.5, 1.0, 2.0, 5.0)),
    "priority": ("gamma", (0.5, 1.0, 2.0, 4.0)),
    "gradnorm": ("alpha", (0.0, 0.5, 1.5, 3.0)),
    "signs": ("leak", (0.0, 0.25, 0.5, 0.75)),
}
# The methods that meet in the setting "pixels", with four settings each.
PIXELS = {
    **{name: OPTIONS[name] for name in ("equal", "constants", "random", "uncertainty", "dwa")},
    "gradnorm": OPTIONS["gradnorm"],
    "famo": ("rate", RATES),
    "pcgrad": ("rate", RATES),
    "mgda": ("rate", RATES),
    "cagrad": ("c", (0.2, 0.4, 0.6, 0.8)),
    "imtl-g": ("rate", RATES),
    "nash-mtl": ("rate", RATES),
    "aligned-mtl": ("rate", RATES),
    "upgrad": ("rate", RATES),
}
PIXEL_ROOMS = {"train": 300, "validation": 50, "test": 150, "size": (24, 32)}
PIXEL_EPOCHS, PIXEL_BATCH = 6, 1024
WEIGHTS = {  # of the task that the setting puts in question: depth, or colour
    "metres": (0.3, 1.0, 3.0, 10.0),
    "millimetres": (1e-4, 1e-3, 1e-2, 1e-1),
    "noisy": (0.0, 0.1, 0.3, 1.0),
    "colour": (0.0, 1e-3, 1e-2, 1e-1),
    "pixels": (1e-4, 1e-3, 1e-2, 1e-1),
}
TUNED = {
    "metres": {
        "single": {"rate": 0.004},
        "equal": {"rate": 0.008},
        "constants": {"weight": 1.0, "rate": 0.008},
        "random": {"rate": 0.004},
        "uncertainty": {"rate": 0.008},
        "uncertainty from 0": {"rate": 0.008},
        "dwa": {"temperature": 2.0},
        "priority": {"gamma": 0.5},
        "gradnorm": {"alpha": 0.0},
        "signs": {"leak": 0.0},
    },
    "millimetres": {
        "equal": {"rate": 0.004},
        "constants": {"weight": 0.001, "rate": 0.008},
        "random": {"rate": 0.002},
        "uncertainty": {"rate": 0.008},
        "uncertainty from 0": {"rate": 0.002},
        "dwa": {"temperature": 0.5},
        "priority": {"gamma": 0.5},
        "gradnorm": {"alpha": 3.0},
        "signs": {"leak": 0.5},
    },
    "noisy": {
        "equal": {"rate": 0.008},
        "constants": {"weight": 1.0, "rate": 0.008},
        "random": {"rate": 0.004},
        "uncertainty": {"rate": 0.008},
        "uncertainty from 0": {"rate": 0.008},
        "dwa": {"temperature": 5.0},
        "priority": {"gamma": 0.5},
        "gradnorm": {"alpha": 0.0},
        "signs": {"leak": 0.5},
    },
    "colour": {
        "equal": {"rate": 0.008},
        "constants": {"weight": 0.01},
        "random": {"rate": 0.004},
        "uncertainty": {"rate": 0.008},
        "uncertainty from 0": {"rate": 0.008},
        "dwa": {"temperature": 5.0},
        "priority": {"gamma": 0.5},
        "gradnorm": {"alpha": 3.0},
        "signs": {"leak": 0.0},
    },
}
# The trainings that are shown: balances where something is wrong with a task. Task prioritisation,
# which nowhere beats equal weights by more than 0.2 points in the scan, is left at that.
SHOWN = ("millimetres", "noisy", "colour")
BALANCES = ("equal", "constants", "uncertainty", "random", "gradnorm", "signs", "dwa")
BASELINES = ("mean picture", "pixel ridge")
CHEAP = {"method": "mean picture", "setting": "metres"}


def tuning():
    """Returns `(seed, configuration)` of every setting; measures are of validation rooms."""
    runs = []
    for setting in ("metres", "pixels"):
        runs += [{"method": method, "setting": setting} for method in BASELINES]
        runs += [{"method": "single", "setting": setting, "rate": rate} for rate in RATES]
    for setting, weights in WEIGHTS.items():
        for method, (option, values) in (PIXELS if setting == "pixels" else OPTIONS).items():
            values = weights if values is None else values
            runs += [{"method": method, "setting": setting, option: value} for value in values]
        runs += [
            {"method": "constants", "setting": setting, "weight": weight, "rate": HIGHER_RATE}
            for weight in weights
        ]
    return [(1000, {**run, "rooms": "validation"}) for run in runs]


def chosen(frame):
    """The settings with the highest pixel accuracy on validation rooms.

    Args:
        frame: Rows of the record, a pandas frame.

    Returns:
        Dictionary from setting and method, as of `TUNED`.
    """
    frame, found = frame[(frame.purpose == "tuning") & ~frame.method.isin(BASELINES)], {}
    for (setting, method), rows in frame.groupby(["setting", "method"], sort=False):
        option = {**OPTIONS, **PIXELS}.get(method, ("rate",))[0]
        best = rows.loc[rows.accuracy.idxmax(), [*dict.fromkeys((option, "rate"))]].dropna()
        found.setdefault(setting, {})[method] = best.astype(float).to_dict()
    return found


def trials(seed):
    """Returns the configurations of one seed."""
    runs = []
    for setting in ("metres", "pixels"):
        runs += [{"method": method, "setting": setting} for method in BASELINES]
        runs += [{"method": "single", "setting": setting, **TUNED[setting]["single"]}]
    shown = {**dict.fromkeys(SHOWN, BALANCES), "pixels": tuple(PIXELS)}
    runs += [
        {"method": method, "setting": setting, **TUNED[setting][method]}
        for setting, methods in shown.items()
        for method in methods
    ]
    return runs


def train(seed, method, setting="metres", rooms="test", rate=RATE, **option):
    """One training, or one fit of a baseline.

    Args:
        seed: Seed of the rooms, of the network and of the batches.
        method: A name of `OPTIONS`, `PIXELS` or `BASELINES`, or `"single"` for the segmentation
            alone.
        setting: A name of `TASKS`, or `"pixels"`.
        rooms: Which rooms are measured, `"test"` or `"validation"`.
        rate: Learning rate of Adam at the start; it falls to zero along a cosine.
        **option: The method's own option, see `OPTIONS` and `PIXELS`.

    Returns:
        Dictionary of `measures` and of `curve`, the tasks' losses and weights by epoch.
    """
    if setting == "pixels":
        return _train_pixels(seed, method, rooms, rate, option)
    split = dense.load_rooms(seed, source="synthetic")
    judged = getattr(split, rooms)
    if method in BASELINES:
        answers = _baseline(method, split, judged, np.arange(LABELLED))
        return {"measures": dense.measures(answers, judged), "curve": {}}
    tasks = (dense.MAIN,) if method == "single" else TASKS[setting]
    keras.utils.set_random_seed(seed)
    batches = _batches(split.train, setting, tasks, seed)
    network = _network(judged.x.shape[1:], len(judged.classes), tasks, method == "signs", option)
    losses = _losses(tasks, UNITS.get(setting, 1.0))
    balance = _balance(method, setting, tasks, option, lambda: _first(network, losses, batches))
    model = balancing.Balanced(network, balance)
    model.compile(
        keras.optimizers.Adam(rate),
        losses,
        metrics={task: [SHARES[task]] for task in tasks} if method == "priority" else None,
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    history = model.fit(batches, epochs=EPOCHS, callbacks=[_fall(rate, EPOCHS)], verbose=0).history
    predictions = network.predict(judged.x.astype("float32"), batch_size=50, verbose=0)
    return {"measures": dense.measures(predictions, judged), "curve": _curve(history, tasks)}


def _fall(rate, epochs):
    """A learning rate that falls to zero along a cosine."""
    return keras.callbacks.LearningRateScheduler(
        lambda epoch, _: rate * (1 + np.cos(np.pi * epoch / epochs)) / 2
    )


def _curve(history, tasks):
    """Losses and weights of the tasks by epoch."""
    return {
        f"{task}_{of}": [round(float(value), 5) for value in history[f"{task}_{of}"]]
        for task in tasks
        for of in ("loss", "weight")
    }


def _train_pixels(seed, method, rooms, rate, option):
    """A training, or a baseline, of the setting `"pixels"`."""
    split = dense.load_rooms(seed, source="synthetic", **PIXEL_ROOMS)
    judged = getattr(split, rooms)
    everywhere = np.arange(len(split.train))
    ridge = dense.PixelRidge().fit(split.train, everywhere, split.validation)
    if method in BASELINES:
        answers = _baseline(method, split, judged, everywhere)
        return {"measures": dense.measures(answers, judged), "curve": {}}
    tasks = (dense.MAIN,) if method == "single" else dense.TASKS
    features = [ridge.features(part.x) for part in (split.train, judged)]
    x, x_judged = (part.reshape(-1, part.shape[-1]) for part in features)
    y = {task: values for task, values in dense.labels(split.train).items() if task in tasks}
    y = {task: np.reshape(values, (len(x), -1)) for task, values in y.items()}
    keras.utils.set_random_seed(seed)
    network = _pixel_network(x.shape[1], len(judged.classes), tasks)
    losses = _losses(tasks, UNITS["millimetres"])
    first = [(x[:PIXEL_BATCH], {task: values[:PIXEL_BATCH] for task, values in y.items()})]
    balance = _balance(method, "pixels", tasks, option, lambda: _first(network, losses, first))
    model = balancing.Balanced(network, balance)
    model.compile(keras.optimizers.Adam(rate), losses, jit_compile=False)
    fall = _fall(rate, PIXEL_EPOCHS)
    options = {"batch_size": PIXEL_BATCH, "epochs": PIXEL_EPOCHS, "verbose": 0}
    history = model.fit(x, y, callbacks=[fall], **options).history
    answers = network.predict(x_judged, batch_size=8192, verbose=0)
    shape = judged.segmentation.shape
    answers = {task: np.reshape(answer, (*shape, -1)) for task, answer in answers.items()}
    return {"measures": dense.measures(answers, judged), "curve": _curve(history, tasks)}


def _pixel_network(features, classes, tasks):
    """The lecture's network: 64 units, eight units, and a head for each task."""
    stages = [lambda name, n=n: keras.layers.Dense(n, "relu", name=name) for n in (64, 8)]
    units = {"segmentation": classes, "depth": 1, "normals": 3}
    heads = {task: lambda name, n=units[task]: keras.layers.Dense(n, name=name) for task in tasks}
    return architectures.shared(keras.Input((features,)), stages, heads)


def _baseline(method, split, judged, labelled):
    if method == "pixel ridge":
        ridge = dense.PixelRidge().fit(split.train, labelled, split.validation)
        return ridge.predict(judged.x)
    picture = dense.mean_picture(split.train, labelled)
    return {task: np.repeat(answer, len(judged), axis=0) for task, answer in picture.items()}


class _WithColour(dense.Batches):
    """Batches in which the picture itself is a label, too, from -1 (black) to 1."""

    def __getitem__(self, number):
        x, y = super().__getitem__(number)
        return x, {**y, "colour": x / np.float32(GREY) - 1}


def _batches(rooms, setting, tasks, seed):
    if setting == "noisy":
        others = np.roll(rooms.depth, 1, axis=0)
        rooms = dataclasses.replace(rooms, depth=others)
    known = [task for task in tasks if task != "colour"]
    kind = _WithColour if "colour" in tasks else dense.Batches
    return kind(rooms, np.arange(LABELLED), BATCH, STEPS, tasks=known, seed=seed)


def _network(shape, classes, tasks, signs, option):
    """One trunk with a head for each task, and sign dropout between them if `signs`."""
    inputs = keras.Input(shape)
    heads = dense.heads(classes, [task for task in tasks if task != "colour"])
    if "colour" in tasks:
        heads["colour"] = dense.heads(classes, ["normals"])["normals"]  # three numbers a pixel
    if not signs:
        return architectures.shared(inputs, dense.stages(), heads)
    features = architectures.trunk(inputs, dense.stages())
    hidden = balancing.SignDropout(len(heads), **option)(features)
    return architectures.with_heads(inputs, hidden, heads, "sign_dropout")


def _losses(tasks, unit):
    losses = dense.losses([task for task in tasks if task != "colour"])
    if "depth" in tasks:
        losses["depth"] = Present(functools.partial(_error_in, unit))
    if "colour" in tasks:
        losses["colour"] = Present(functools.partial(_error_in, GREY))
    return losses


def _error_in(unit, y_true, y_pred):
    return unit * keras.losses.mean_absolute_error(y_true, y_pred)


def _first(network, losses, batches):
    """The losses of the untrained network on the first batch."""
    x, y = batches[0]
    y_pred = network(x, training=True)
    return {task: float(ops.mean(loss(y[task], y_pred[task]))) for task, loss in losses.items()}


def _balance(method, setting, tasks, option, first):
    """A new balance; `first` returns the first losses."""
    likelihoods = {task: LIKELIHOODS[task] for task in tasks}
    question = "colour" if setting == "colour" else "depth"
    make = {
        "constants": lambda weight=1.0: balancing.Balance(
            {task: weight if task == question else 1.0 for task in tasks}
        ),
        "random": balancing.RandomWeights,
        "uncertainty": lambda: balancing.Uncertainty(likelihoods, first()),
        "uncertainty from 0": lambda: balancing.Uncertainty(likelihoods),
        "dwa": balancing.DynamicWeightAverage,
        "priority": lambda **gamma: balancing.TaskPrioritization(MEASURES, **gamma),
        "gradnorm": balancing.GradNorm,
        "famo": balancing.FAMO,
        "pcgrad": balancing.PCGrad,
        "mgda": balancing.MGDA,
        "cagrad": balancing.CAGrad,
        "imtl-g": balancing.IMTLG,
        "nash-mtl": balancing.NashMTL,
        "aligned-mtl": balancing.AlignedMTL,
        "upgrad": balancing.UPGrad,
    }
    return make[method](**option) if method in make else balancing.Balance()


def _share(right, known):
    """Share of the pixels that are right among those with a label, as one number a batch."""
    known = ops.cast(known, "float32")
    return ops.sum(ops.cast(right, "float32") * known) / ops.maximum(ops.sum(known), 1)


def right(y_true, y_pred):
    """Share of pixels whose class is right."""
    y_true = ops.cast(y_true, "int32")
    return _share(ops.equal(y_true, ops.cast(ops.argmax(y_pred, axis=-1), "int32")), y_true >= 0)


def near(y_true, y_pred):
    """Share of pixels whose depth is within 25 %."""
    ratio = ops.maximum(y_pred[..., 0], 1e-3) / ops.nan_to_num(y_true, 1.0)
    return _share(ops.abs(ops.log(ratio)) < np.log(1.25), ops.logical_not(ops.isnan(y_true)))


def aligned(y_true, y_pred):
    """Share of pixels whose normal is within 30 degrees."""
    cosine = -keras.losses.cosine_similarity(ops.nan_to_num(y_true), y_pred)
    return _share(cosine > np.cos(np.pi / 6), ops.logical_not(ops.isnan(y_true[..., 0])))


def faithful(y_true, y_pred):
    """Share of pixels that are within ten grey levels in every colour."""
    worst = ops.max(ops.abs(y_true - y_pred), axis=-1)
    return _share(worst < 10 / GREY, worst >= 0)


SHARES = {"segmentation": right, "depth": near, "normals": aligned, "colour": faithful}
MEASURES = {task: f"{task}_{share.__name__}" for task, share in SHARES.items()}
