"""What balances cost: a training step of each, beside a plain step of the same network."""

import course_lib.quiet  # noqa: F401

import keras  # isort: skip

from benchmarks import timing
from course_lib import datasets
from course_lib.datasets.pictures import rooms
from course_lib.experiments.balancing import LIKELIHOODS
from course_lib.multitask import architectures, balancing, dense

BATCH, STEPS, ROUNDS = 8, 20, 15
BALANCES = {
    "equal": balancing.Balance,
    "random": balancing.RandomWeights,
    "uncertainty": lambda: balancing.Uncertainty({task: LIKELIHOODS[task] for task in dense.TASKS}),
    "DWA": balancing.DynamicWeightAverage,
    "GradNorm": balancing.GradNorm,
}


def measure(course):
    return step_times(), []


def network(signs=False):
    """One trunk with three heads, and sign dropout between them if `signs`."""
    inputs, stages = keras.Input((48, 64, 3)), dense.stages()
    heads = dense.heads(len(rooms.CLASSES))
    if not signs:
        return architectures.shared(inputs, stages, heads)
    hidden = balancing.SignDropout(len(heads))(architectures.trunk(inputs, stages))
    return architectures.with_heads(inputs, hidden, heads, "sign_dropout")


def steps_of(x, y):
    """Dictionary from name to a training step on one batch: plain ones, and those of balances."""
    models = {"plain": network(), "plain again": network()}
    for model in models.values():
        model.compile("adam", dense.losses(), jit_compile=False)
    balanced = {
        name: balancing.Balanced(network(), balance()) for name, balance in BALANCES.items()
    }
    balanced["sign dropout"] = balancing.Balanced(network(signs=True))
    for model in balanced.values():
        model.compile("adam", dense.losses(), jit_compile=False)
    models |= balanced
    return {name: lambda m=model: m.train_on_batch(x, y) for name, model in models.items()}


def step_times():
    """Ratio of each step to a plain one.

    The ways alternate, `STEPS` steps at a time, in another order each round; a ratio is of two
    times of the same round. A second plain network says how far apart equal ways come out.
    """
    rooms = datasets.load("rooms", train=BATCH, test=0).train
    steps = steps_of(rooms.x.astype("float32"), dense.labels(rooms))
    for step in steps.values():
        step()
    rounds = []
    for number in range(ROUNDS):
        names = list(steps)[number % len(steps) :] + list(steps)[: number % len(steps)]
        rounds.append(
            {name: timing.seconds(lambda n=name: several(steps[n]), 1)[0] for name in names}
        )
    plain = [1000 * times["plain"] / STEPS for times in rounds]
    rows = [("plain step of `fit`", timing.spread(sorted(plain), "ms"), "")]
    for name in list(steps)[1:]:
        ratios = sorted(times[name] / times["plain"] for times in rounds)
        target = "" if name in ("plain again", "GradNorm", "sign dropout") else "at most 1.15"
        rows.append((f"step of {name} beside a plain one", timing.spread(ratios, "×"), target))
    return rows


def several(step):
    for _ in range(STEPS):
        step()
