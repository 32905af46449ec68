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


def convolutions(model):
    """All convolutions of a model, also in models within it."""
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from convolutions(layer)
        elif isinstance(layer, keras.layers.Conv2D):
            yield layer


def multiply_adds(model):
    """Multiply-adds of all convolutions for one picture, counted by pixels of their outputs."""
    return sum(
        layer.count_params() * layer.output.shape[1] * layer.output.shape[2]
        for layer in convolutions(model)
    )


def expert_step_times():
    """Ratio of a step of MMoE and CGC to one of hard sharing with as many multiply-adds.

    The last stage of hard sharing is made so wide that the multiply-adds come nearest. Rounds
    alternate as in `step_times`.
    """
    inputs, heads = keras.Input((48, 64, 3)), dense.heads(len(rooms.CLASSES))
    wide = [
        architectures.shared(inputs, dense.stages((24, 48, 48, width)), heads)
        for width in range(24, 72, 2)
    ]
    data = datasets.load("rooms", train=BATCH, test=0).train
    x, y, rows = data.x.astype("float32"), dense.labels(data), []
    for name in ("mmoe", "cgc"):
        network = getattr(architectures, name)(inputs, dense.stages(), heads)
        size = multiply_adds(network)
        rival = min(wide, key=lambda model: abs(multiply_adds(model) - size))
        for model in (network, rival):
            model.compile("adam", dense.losses(), jit_compile=False)
            model.train_on_batch(x, y)
        ratios = []
        for number in range(ROUNDS):
            pair = (network, rival) if number % 2 else (rival, network)
            times = {
                model: timing.seconds(lambda m=model: several(lambda: m.train_on_batch(x, y)), 1)[0]
                for model in pair
            }
            ratios.append(times[network] / times[rival])
        share = size / multiply_adds(rival)
        what = f"step of {name} beside hard sharing of {share:.2f} × its multiply-adds"
        rows.append((what, timing.spread(sorted(ratios), "×"), ""))
    return rows
