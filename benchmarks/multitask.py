"""What balances cost a step, and what architectures and balances bring on rooms."""

import functools

import course_lib.quiet  # noqa: F401

import keras  # isort: skip
import numpy as np
from keras import ops

from benchmarks import timing
from benchmarks.trials import run_all
from course_lib import datasets
from course_lib.metrics import relative_gain
from course_lib.multitask import adaptive, architectures, balancing, dense, gradients, relationships

SEEDS = range(3)
SIZE, TRAIN, TEST = (24, 32), 240, 150
EPOCHS, BATCH, RATE = 10, 16, 4e-3
# As in the paper, the cost of a branch doubles from stage to stage towards the input.
BRANCH_COST, ROUND = (0.8, 0.4, 0.2, 0.1), 4
STEPS, REPEAT = 60, 9

BALANCES = {
    "equal": balancing.Balance,
    "tuned": lambda: balancing.Balance({"segmentation": 1.0, "depth": 1.0, "normals": 4.0}),
    "uncertainty": lambda: balancing.Uncertainty(["segmentation"]),
    "DWA": balancing.DynamicWeightAverage,
    "prioritization": lambda: balancing.TaskPrioritization(MEASURES),
    "GradNorm": balancing.GradNorm,
    "sign dropout": lambda: balancing.SignDropout(0),
}
MEASURES = {
    "segmentation": "segmentation_accuracy",
    "depth": "depth_near",
    "normals": "normals_near",
}

ARCHITECTURES = {
    "shared": architectures.shared,
    "soft": architectures.soft,
    "cross-stitch": architectures.cross_stitch,
    "MTAN": architectures.mtan,
    "PAD-Net A": functools.partial(architectures.pad_net, module="A"),
    "PAD-Net B": functools.partial(architectures.pad_net, module="B"),
    "PAD-Net C": functools.partial(architectures.pad_net, module="C"),
    "relationships": functools.partial(relationships.relationship_network, units=[16]),
}
ADAPTIVE = "adaptive"


def measure(course):
    rows, table = rooms()
    return [*step_times(), *rows], [table]


@functools.cache
def data(seed):
    return datasets.load("rooms", seed=seed, size=SIZE, train=TRAIN, test=TEST)


def near(y_true, y_pred):
    """Share of depths that are wrong by a quarter at most."""
    ratio = ops.maximum(y_pred[..., 0], 0.01) / y_true
    return ops.cast(ops.maximum(ratio, 1 / ratio) < 1.25, "float32")


def within(y_true, y_pred):
    """Share of normals that are wrong by 22.5 degrees at most."""
    cosine = -keras.losses.cosine_similarity(y_true, y_pred)
    return ops.cast(cosine > np.cos(np.radians(22.5)), "float32")


def compiled(network, balance):
    """A balanced model with losses and measures of rooms."""
    model = balancing.Balanced(network, balance)
    metrics = {
        "segmentation": ["accuracy"],
        "depth": [keras.metrics.MeanMetricWrapper(near, "near")],
        "normals": [keras.metrics.MeanMetricWrapper(within, "near")],
    }
    model.compile(
        keras.optimizers.Adam(RATE),
        dense.losses(),
        metrics=metrics,
        jit_compile=False,
        steps_per_execution=5,
    )
    return model


def trained(network, balance, rooms, epochs):
    model = compiled(network, balance)
    layers = [type(layer) for layer in network.layers]
    callbacks = [relationships.RelationshipUpdate()] * (relationships.RelatedDense in layers)
    model.fit(rooms.x, dense.labels(rooms), BATCH, epochs=epochs, verbose=0, callbacks=callbacks)
    return model


def parts():
    """Input, stages and heads of all networks."""
    classes = len(datasets.rooms.CLASSES)
    return keras.Input((*SIZE, 3)), dense.stages(), dense.heads(classes)


def evaluate(architecture, balance, seed):
    """Measures on test rooms of an architecture, trained by a balance."""
    keras.backend.clear_session(free_memory=False)
    keras.utils.set_random_seed(seed)
    rooms = data(seed)
    if architecture == ADAPTIVE:
        network, _ = adaptive.widen(
            *parts(),
            train=lambda network: trained(network, BALANCES[balance](), rooms.train, ROUND),
            errors=functools.partial(errors, rooms.train),
            branch_cost=BRANCH_COST,
        )
    else:
        make = {**ARCHITECTURES, "separate": architectures.separate}[architecture]
        network = make(*parts())
        trained(network, BALANCES[balance](), rooms.train, EPOCHS)
    predictions = network.predict(rooms.test.x, batch_size=50, verbose=0)
    return dense.measures(predictions, rooms.test)


def errors(rooms, network):
    """Loss of each picture in each task, `(pictures, tasks)`."""
    predictions, labels = network.predict(rooms.x, batch_size=50, verbose=0), dense.labels(rooms)
    return np.transpose(
        [
            [
                float(loss(labels[task][i : i + 1], predictions[task][i : i + 1]))
                for i in range(len(rooms))
            ]
            for task, loss in dense.losses().items()
        ]
    )


def rooms():
    """Δp of every architecture with every balance, over paired seeds, as rows and a table."""
    pairs = [(name, balance) for name in (*ARCHITECTURES, ADAPTIVE) for balance in BALANCES]
    trials = [(*pair, seed) for pair in [("separate", "equal"), *pairs] for seed in SEEDS]
    return summary(dict(zip(trials, run_all(evaluate, trials))))


def summary(found):
    """Rows and a table of Δp, from a dictionary of measures by architecture, balance and seed."""
    single = [found["separate", "equal", seed] for seed in SEEDS]

    def gains(name, balance):
        several = [found[name, balance, seed] for seed in SEEDS]
        pairs = zip(several, single)
        return [100 * relative_gain(*pair, dense.LOWER_IS_BETTER) for pair in pairs]

    lines = [f"| Δp, % | {' | '.join(BALANCES)} |", f"|---|{'--:|' * len(BALANCES)}"]
    best = (-np.inf, "")
    for name in (*ARCHITECTURES, ADAPTIVE):
        cells = []
        for balance in BALANCES:
            gain = gains(name, balance)
            cells.append(f"{np.mean(gain):+.1f} ± {np.std(gain, ddof=1):.1f}")
            best = max(best, (np.mean(gain), f"{name} with {balance}: {cells[-1]} %"))
        lines.append(f"| {name} | {' | '.join(cells)} |")
    measures = ", ".join(
        f"{task} {np.mean([one[task] for one in single]):.3g} ({unit})"
        for task, unit in dense.UNITS.items()
    )
    caption = (
        f"### Rooms: Δp of every architecture with every balance\n\nMean and standard deviation "
        f"over {len(SEEDS)} paired seeds, against separate networks: {measures}. {TRAIN} rooms of "
        f"{SIZE[0]} × {SIZE[1]} pixels, {EPOCHS} epochs; adaptive sharing trains {ROUND} epochs "
        f"after each branching."
    )
    row = (f"best Δp of {len(lines) - 2} architectures × {len(BALANCES)} balances", best[1], "")
    return [row], caption + "\n\n" + "\n".join(lines)


def step_times():
    """Milliseconds of a step of every balance, against plain `fit` and against bare passes."""
    rooms = data(0).train
    batch = (
        rooms.x[:BATCH].astype("float32"),
        {task: values[:BATCH] for task, values in dense.labels(rooms).items()},
    )
    plain = architectures.shared(*parts())
    plain.compile("adam", dense.losses(), jit_compile=False)
    steps = {"plain": lambda: plain.train_on_batch(*batch)}
    for name, balance in BALANCES.items():
        model = balancing.Balanced(architectures.shared(*parts()), balance())
        model.compile("adam", dense.losses(), jit_compile=False)
        steps[name] = functools.partial(model.train_on_batch, *batch)
        if isinstance(model.balance, balancing.GradientBalance):
            steps[f"passes of {name}"] = functools.partial(bare_step(model), *batch)
    for step in steps.values():
        step()

    def several(step):
        for _ in range(STEPS):
            step()

    rounds = [
        {
            name: timing.seconds(functools.partial(several, step), 1)[0]
            for name, step in steps.items()
        }
        for _ in range(REPEAT)
    ]
    rows = []
    for name in BALANCES:
        bare = f"passes of {name}"
        against, target = (bare, 1.5) if bare in steps else ("plain", 1.15)
        ratios = sorted(times[name] / times[against] for times in rounds)
        what = f"step of {name} beside " + (
            "the backward passes that it needs" if bare in steps else "plain `fit`"
        )
        more = ""
        if bare in steps:
            plainly = np.median([times[name] / times["plain"] for times in rounds])
            more = f"; beside plain `fit` {plainly:.2f} ×"
        rows.append((what, timing.spread(ratios, "×") + more, f"at most {target}"))
    return rows


def bare_step(model):
    """A step that takes the gradients which a balance needs, and makes nothing of them."""
    import tensorflow as tf

    variables = model.trainable_variables
    shared = getattr(model.balance, "shared", variables)
    optimizer = keras.optimizers.Adam()
    optimizer.build(variables)

    @tf.function
    def step(x, y):
        with gradients.tape() as tape:
            losses = model.losses_of_tasks(y, model.network(x, training=True))
            total = sum(losses)
        of_tasks = gradients.of_each(tape, losses, shared)
        if shared is variables:
            found = [sum(same) for same in zip(*of_tasks)]
        else:
            found = gradients.of_each(tape, [total], variables)[0]
        optimizer.apply(found, variables)
        return total, of_tasks

    return step
