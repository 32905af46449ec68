"""Ways to balance tasks on one trunk, and the most demanding step on every other architecture."""

import functools

import keras
import numpy as np
from keras import layers

from course_lib.multitask import adaptive, architectures, balancing, relationships
from course_lib.multitask.balancing import Balanced
from tests.contract.case import Case

TASKS = ("age", "height")
MSE = {"loss": dict.fromkeys(TASKS, "mean_squared_error")}
REFUSES = {"class_weight": "cannot say which of the tasks"}


def by_signs(inputs, stages, heads):
    """Hard sharing with sign dropout below the heads, that passes most of each gradient."""
    features = architectures.trunk(inputs, stages)
    signs = balancing.SignDropout(len(heads), leak=0.5, seed=0, name="signs")
    return architectures.with_heads(inputs, signs(features), heads, "by_signs")


ARCHITECTURES = {
    "shared": architectures.shared,
    "soft": architectures.soft,
    "cross-stitch": functools.partial(architectures.cross_stitch, rate=1.0),
    "MTAN": architectures.mtan,
    "PAD-Net": architectures.pad_net,
    "relationships": functools.partial(relationships.relationship_network, units=[6]),
    "adaptive": functools.partial(adaptive.branched, groups=[[TASKS], [TASKS[:1], TASKS[1:]]]),
}
BALANCES = {
    "equal weights": lambda tasks: balancing.Balance(),
    "tuned weights": lambda tasks: balancing.Balance(dict.fromkeys(tasks, 2.0)),
    "random weights": lambda tasks: balancing.RandomWeights(seed=0),
    "uncertainty": lambda tasks: balancing.Uncertainty(dict.fromkeys(tasks, "gaussian")),
    "DWA": lambda tasks: balancing.DynamicWeightAverage(),
    "prioritization": lambda tasks: balancing.TaskPrioritization(
        {task: f"{task}_loss" for task in tasks}
    ),
    "FAMO": lambda tasks: balancing.FAMO(),
    "GradNorm": lambda tasks: balancing.GradNorm(),
    "PCGrad": lambda tasks: balancing.PCGrad(seed=0),
    "MGDA": lambda tasks: balancing.MGDA(),
    "CAGrad": lambda tasks: balancing.CAGrad(),
    "IMTL-G": lambda tasks: balancing.IMTLG(),
    "Nash-MTL": lambda tasks: balancing.NashMTL(),
    "Aligned-MTL": lambda tasks: balancing.AlignedMTL(),
    "UPGrad": lambda tasks: balancing.UPGrad(),
}
DRAWS = {"random weights", "PCGrad"}
KINDS = ("UPGrad",)  # what needs most of a step


def network(architecture=architectures.shared, tasks=TASKS):
    """A tiny network from 4 features to a number for each task."""
    keras.utils.set_random_seed(0)
    stages = [lambda name: layers.Dense(6, "tanh", name=name)] * 2
    heads = {task: lambda name: layers.Dense(1, name=name) for task in tasks}
    return architecture(keras.Input((4,)), stages, heads)


def data(rows):
    """Rows of two tasks, whose losses differ in size."""
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")[:rows]
    return x, {"age": x[:, :1] * x[:, 1:2], "height": 2 * x[:, 2:3]}


def balanced(balance, architecture):
    """The case of a balance with an architecture."""
    make, build = BALANCES[balance], ARCHITECTURES[architecture]
    alone = architecture == "shared"
    return Case(
        f"{balance} × {architecture}",
        lambda: Balanced(network(build), make(TASKS)),
        data,
        MSE,
        REFUSES,
        draws=balance in DRAWS,
        one_task=(lambda: Balanced(network(build, TASKS[:1]), make(TASKS[:1]))) if alone else None,
    )


CASES = [
    *(balanced(balance, "shared") for balance in BALANCES),
    *(balanced(kind, name) for kind in KINDS for name in ARCHITECTURES if name != "shared"),
    Case(
        "equal weights × sign dropout",
        lambda: Balanced(network(by_signs)),
        data,
        MSE,
        REFUSES,
        draws=True,
    ),
]
