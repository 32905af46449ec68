"""What balances cost: a training step of each, beside a plain step of the same network."""

import course_lib.quiet  # noqa: F401

import keras  # isort: skip

from benchmarks import timing
from course_lib import datasets
from course_lib.datasets.pictures import rooms
from course_lib.experiments.balancing import LIKELIHOODS
from course_lib.multitask import architectures, balancing, dense

BATCH, STEPS, ROUNDS = 8, 20, 9
BY_LOSSES = {
    "equal": balancing.Balance,
    "random": balancing.RandomWeights,
    "uncertainty": lambda: balancing.Uncertainty({task: LIKELIHOODS[task] for task in dense.TASKS}),
    "DWA": balancing.DynamicWeightAverage,
}
BY_GRADIENTS = {
    "PCGrad": balancing.PCGrad,
    "MGDA": balancing.MGDA,
    "CAGrad": balancing.CAGrad,
    "IMTL-G": balancing.IMTLG,
    "Nash-MTL": balancing.NashMTL,
    "Aligned-MTL": balancing.AlignedMTL,
    "UPGrad": balancing.UPGrad,
}
OTHERS = {"FAMO": balancing.FAMO, "GradNorm": balancing.GradNorm}


def measure(course):
    return step_times() + expert_step_times(), []


def network(signs=False, tasks=dense.TASKS):
    """One trunk with a head for each task, and sign dropout between them if `signs`."""
    inputs, stages = keras.Input((48, 64, 3)), dense.stages()
    heads = dense.heads(len(rooms.CLASSES), tasks)
    if not signs:
        return architectures.shared(inputs, stages, heads)
    hidden = balancing.SignDropout(len(heads))(architectures.trunk(inputs, stages))
    return architectures.with_heads(inputs, hidden, heads, "sign_dropout")


def compiled(model, tasks=dense.TASKS):
    model.compile("adam", dense.losses(tasks), jit_compile=False)
    return model


def steps_of(x, y):
    """Dictionary from name to a step on one batch: plain ones, passes, and those of balances."""
    models = {"plain": compiled(network()), "plain again": compiled(network())}
    models |= {task: compiled(network(tasks=[task]), [task]) for task in dense.TASKS}
    for name, balance in {**BY_LOSSES, **BY_GRADIENTS, **OTHERS}.items():
        models[name] = compiled(balancing.Balanced(network(), balance()))
    models["sign dropout"] = compiled(balancing.Balanced(network(signs=True)))
    steps = {
        name: lambda m=model, n=name: m.train_on_batch(x, {n: y[n]} if n in y else y)
        for name, model in models.items()
    }
    inputs = keras.Input((48, 64, 3))
    trunk = compiled(keras.Model(inputs, architectures.trunk(inputs, dense.stages())), [])
    steps["trunk forwards"] = lambda: trunk.predict_on_batch(x)
    steps["all forwards"] = lambda: models["plain"].predict_on_batch(x)
    return steps


def step_times():
    """Ratio of each step to a plain one, or to the passes through the network that it needs.

    The ways alternate, `STEPS` steps at a time, in another order each round; a ratio is of two
    times of the same round. A second plain network says how far apart equal ways come out.

    Gradients of single tasks need one pass forwards, and for each task one backwards through the
    trunk and its head: the steps of the tasks alone, less all forward passes through the trunk but
    one.
    """
    drawn = datasets.load("rooms", train=BATCH, test=0).train
    steps = steps_of(drawn.x.astype("float32"), dense.labels(drawn))
    for step in steps.values():
        step()
    rounds = []
    for number in range(ROUNDS):
        names = list(steps)[number % len(steps) :] + list(steps)[: number % len(steps)]
        times = {name: timing.seconds(lambda n=name: several(steps[n]), 1)[0] for name in names}
        alone = sum(times[task] for task in dense.TASKS)
        times["passes"] = alone - (len(dense.TASKS) - 1) * times["trunk forwards"]
        times["twice forwards"] = times["plain"] + times["all forwards"]
        rounds.append(times)
    plain = [1000 * times["plain"] / STEPS for times in rounds]
    rows = [("plain step of `fit`", timing.spread(sorted(plain), "ms"), "")]

    def row(name, beside, words, target):
        ratios = sorted(times[name] / times[beside] for times in rounds)
        rows.append((f"step of {name} beside {words}", timing.spread(ratios, "×"), target))

    for name in ("plain again", "sign dropout", "GradNorm"):
        row(name, "plain", "a plain one", "")
    for name in BY_LOSSES:
        row(name, "plain", "a plain one", "at most 1.15")
    row("FAMO", "twice forwards", "a plain one and a forward pass", "at most 1.15")
    row("passes", "plain", "a plain one, the passes being those of gradients by tasks", "")
    for name in BY_GRADIENTS:
        row(name, "passes", "these passes", "at most 1.5")
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
