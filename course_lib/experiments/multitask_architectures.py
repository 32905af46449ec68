"""What the record of lecture 11 holds: architectures on rooms with few labels of the main task.

Of 700 rooms, `labels` have labels of the main task, the segmentation; depth and normals are free on
all of them. Every network makes the same number of steps on batches of the same size. Each method
chooses one of four settings on validation rooms, with 20 labels: its learning rate, and the weight
of the auxiliary losses, or for the networks of a single task, the share of labelled rooms in a
batch.
"""

import functools
import itertools

import keras
import numpy as np

from course_lib.datasets.pictures import rooms as rooms_data
from course_lib.multitask import adaptive, architectures, dense, relationships
from course_lib.multitask.balancing import Balance, Balanced

SEEDS = 5
LABELS = (20, 5, 700, 100)  # the last for the main methods only
EPOCHS, STEPS, BATCH = 20, 20, 8
BASELINES = ("mean picture", "pixel ridge")
# Filters of the blocks and of the heads. The wide network has as many parameters as three others.
WIDE = (42, 82, 83, 42)
SINGLE = {"single": (24, 48, 48, 24), "single, wide": WIDE}
NETWORKS = {
    "hard": architectures.shared,
    "separate": architectures.separate,
    "soft": architectures.soft,
    "cross-stitch": architectures.cross_stitch,
    "cross-stitch per channel": functools.partial(architectures.cross_stitch, per_channel=True),
    "MTAN": architectures.mtan,
    "PAD-Net A": functools.partial(architectures.pad_net, module="A"),
    "PAD-Net B": functools.partial(architectures.pad_net, module="B"),
    "PAD-Net C": functools.partial(architectures.pad_net, module="C"),
    "relationships": functools.partial(relationships.relationship_network, units=[24]),
    "MMoE": architectures.mmoe,
}
METHODS = (*SINGLE, *NETWORKS, "adaptive")
FEW_ALONE = ("MMoE",)  # with 20 labels alone
MAIN_METHODS = (*BASELINES, "single", "hard")
OTHER_METHODS = tuple(
    method for method in METHODS if method not in ("single", "hard", "separate", *FEW_ALONE)
)
RATES, WEIGHTS, SHARES = (1e-3, 4e-3), (0.3, 1.0), (0.5, 1.0)
# As in the paper, the cost of a branch doubles from stage to stage towards the input.
BRANCH_COST = (0.8, 0.4, 0.2, 0.1)
FIRST, ROUND = 8, 3  # epochs of adaptive sharing before the first branching, and between two

TUNED = {
    "single": {"rate": 0.004, "share": 1.0},
    "single, wide": {"rate": 0.004, "share": 1.0},
    "hard": {"rate": 0.004, "weight": 1.0},
    "separate": {"rate": 0.004, "weight": 0.3},
    "soft": {"rate": 0.004, "weight": 1.0},
    "cross-stitch": {"rate": 0.004, "weight": 1.0},
    "cross-stitch per channel": {"rate": 0.004, "weight": 1.0},
    "MTAN": {"rate": 0.004, "weight": 0.3},
    "PAD-Net A": {"rate": 0.004, "weight": 1.0},
    "PAD-Net B": {"rate": 0.004, "weight": 1.0},
    "PAD-Net C": {"rate": 0.004, "weight": 1.0},
    "relationships": {"rate": 0.004, "weight": 1.0},
    "adaptive": {"rate": 0.004, "weight": 1.0},
    "MMoE": {"rate": 0.004, "weight": 1.0},
}
TUNED_AT, TUNING_SEEDS = 20, (1000, 1001)
CHEAP = {"method": "mean picture", "labels": 20, "source": "synthetic"}


def settings(method):
    """The four settings among which a method chooses, a list of dictionaries."""
    if method in BASELINES:
        return [{}]
    options = {"share": SHARES} if method in SINGLE else {"weight": WEIGHTS}
    return [
        {"rate": rate, name: value}
        for (name, values) in options.items()
        for rate, value in itertools.product(RATES, values)
    ]


def tuning():
    """Returns `(seed, configuration)` of every setting; measures are of validation rooms."""
    common = {"labels": TUNED_AT, "source": "synthetic", "rooms": "validation"}
    return [
        (seed, {"method": method, **common, **setting})
        for method in METHODS
        for setting in settings(method)
        for seed in TUNING_SEEDS
    ]


def chosen(frame):
    """The settings with the highest pixel accuracy on validation rooms.

    Args:
        frame: Rows of the record, a pandas frame.

    Returns:
        Dictionary from method to its setting, as of `TUNED`.
    """
    frame, best = frame[frame.purpose == "tuning"], {}
    for method, rows in frame.groupby("method", sort=False):
        options = list(settings(method)[0])
        accuracy = rows.groupby(options).accuracy.mean()
        best[method] = {name: float(v) for name, v in zip(options, accuracy.idxmax())}
    return best


def trials(seed):
    """Returns the configurations of one seed: first the two curves that the lecture rests on.

    Real rooms follow, if the labelled file of NYU is on this machine.
    """
    pairs = [(method, labels) for labels in LABELS for method in MAIN_METHODS]
    pairs += [(method, labels) for labels in LABELS[:3] for method in OTHER_METHODS]
    pairs += [(method, TUNED_AT) for method in FEW_ALONE]
    sources = ["synthetic", *(["real"] if rooms_data.labelled_file() else [])]
    return [
        {"method": method, "labels": labels, "source": source, **TUNED.get(method, {})}
        for source in sources
        for method, labels in pairs
    ]


def train(seed, method, labels, source="synthetic", rooms="test", **setting):
    """One training, or one fit of a baseline.

    Args:
        seed: Seed of the rooms, of the network and of the batches.
        method: A name of `METHODS` or `BASELINES`.
        labels: Number of rooms whose segmentation may be used, the first ones; all if there are
            fewer.
        source: `"synthetic"` or `"real"`.
        rooms: Which rooms are measured, `"test"` or `"validation"`.
        **setting: One of `settings`.

    Returns:
        Dictionary of `measures` and of `curve`, the mean loss of the segmentation in each epoch.

    Raises:
        ValueError: for an unknown method.
    """
    split = dense.load_rooms(seed, source=source)
    labelled, judged = np.arange(min(labels, len(split.train))), getattr(split, rooms)
    if method in BASELINES:
        return {"measures": dense.measures(_baseline(method, split, labelled, judged), judged)}
    if method not in METHODS:
        raise ValueError(f"No method is called {method!r}. There are {(*BASELINES, *METHODS)}.")
    keras.utils.set_random_seed(seed)
    tasks = (dense.MAIN,) if method in SINGLE else dense.TASKS
    parts = _parts(split.train, tasks, SINGLE.get(method, SINGLE["single"]))
    fit_it = functools.partial(fit, rooms=split.train, labelled=labelled, seed=seed, **setting)
    if method == "adaptive":
        network, curve = _adaptive(parts, split.train, labelled, fit_it)
    else:
        network = NETWORKS.get(method, architectures.shared)(*parts)
        curve = fit_it(network)
    predictions = network.predict(judged.x.astype("float32"), batch_size=50, verbose=0)
    measures = dense.measures({task: predictions[task] for task in tasks}, judged)
    return {"measures": {**measures, "parameters": network.count_params()}, "curve": curve}


def fit(network, rooms, labelled, rate, seed, weight=1.0, share=0.5, epochs=None):
    """Trains a network by Adam, whose rate falls to zero along a cosine.

    Args:
        network: A functional `keras.Model` of `architectures`.
        rooms: The training `Rooms`.
        labelled: Numbers of the rooms whose segmentation may be used.
        rate: Learning rate at the start.
        seed: Seed of the batches.
        weight: Weight of each auxiliary loss.
        share: Share of each batch that is drawn from the labelled rooms.
        epochs: Number of epochs of `STEPS` steps; `EPOCHS` if None.

    Returns:
        Mean loss of the segmentation in each epoch, a list.
    """
    epochs = EPOCHS if epochs is None else epochs
    tasks = [task for task in dense.TASKS if task in network.output]
    balance = Balance({task: 1.0 if task == dense.MAIN else weight for task in tasks})
    model = Balanced(network, balance)
    on_tensorflow = keras.backend.backend() == "tensorflow"
    model.compile(
        keras.optimizers.Adam(rate),
        dense.losses(tasks),
        jit_compile=False if on_tensorflow else "auto",  # XLA takes long to start
    )
    batches = dense.Batches(rooms, labelled, BATCH, STEPS, share, tasks, seed)
    fall = keras.callbacks.LearningRateScheduler(
        lambda epoch, _: rate * (1 + np.cos(np.pi * epoch / epochs)) / 2
    )
    related = any(isinstance(layer, relationships.RelatedDense) for layer in network.layers)
    callbacks = [fall, *([relationships.RelationshipUpdate()] if related else [])]
    history = model.fit(batches, epochs=epochs, callbacks=callbacks, verbose=0).history
    return [round(float(loss), 4) for loss in history[f"{dense.MAIN}_loss"]]


def _parts(rooms, tasks, filters):
    """Input, stages and heads of a network."""
    inputs = keras.Input(rooms.x.shape[1:])
    return inputs, dense.stages(filters), dense.heads(len(rooms.classes), tasks, filters[-1])


def _baseline(method, split, labelled, judged):
    if method == "pixel ridge":
        return dense.PixelRidge().fit(split.train, labelled, split.validation).predict(judged.x)
    picture = dense.mean_picture(split.train, labelled)
    return {task: np.repeat(answer, len(judged), axis=0) for task, answer in picture.items()}


def _adaptive(parts, rooms, labelled, fit_it):
    """Adaptive sharing, which makes as many steps in all as the other networks."""
    curve = []

    def train(network, epochs=None):
        epochs = (ROUND if curve else FIRST) if epochs is None else epochs
        curve.extend(fit_it(network, epochs=epochs))

    network, _ = adaptive.widen(
        *parts,
        train=train,
        errors=functools.partial(errors, rooms, labelled),
        branch_cost=BRANCH_COST,
    )
    if len(curve) < EPOCHS:
        train(network, EPOCHS - len(curve))
    return network, curve


def errors(rooms, labelled, network):
    """Loss of each room in each task, `(rooms, tasks)`; NaN where the segmentation is unknown."""
    answers = network.predict(rooms.x.astype("float32"), batch_size=50, verbose=0)
    logits = answers["segmentation"] - answers["segmentation"].max(axis=-1, keepdims=True)
    logits = logits - np.log(np.exp(logits).sum(axis=-1, keepdims=True))
    truth = rooms.segmentation[..., None]
    known = np.isin(np.arange(len(rooms)), labelled)[:, None, None, None] & (truth >= 0)
    likelihood = np.take_along_axis(logits, np.maximum(truth, 0), axis=-1)
    length = np.maximum(np.linalg.norm(answers["normals"], axis=-1), 1e-12)
    losses = (
        np.where(known, -likelihood, np.nan),
        np.abs(answers["depth"][..., 0] - rooms.depth),
        1 - np.sum(answers["normals"] * rooms.normals, axis=-1) / length,
    )
    return np.stack([_known_mean(loss.reshape(len(rooms), -1)) for loss in losses], axis=-1)


def _known_mean(values):
    """Mean of each row over what is not NaN; NaN for rows without."""
    known = ~np.isnan(values)
    total, count = np.where(known, values, 0).sum(axis=1), known.sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
