"""Ways to balance tasks, and architectures of several tasks."""

import keras
import numpy as np
from keras import layers

from course_lib.multitask import architectures
from course_lib.multitask.balancing import Balanced
from tests.contract.case import Case

TASKS = ("age", "height")
MSE = {"loss": dict.fromkeys(TASKS, "mean_squared_error")}
REFUSES = {"class_weight": "single output"}


def network(architecture=architectures.shared, tasks=TASKS):
    """A tiny network from 4 features to a number for each task."""
    keras.utils.set_random_seed(0)
    stages = [lambda name: layers.Dense(6, "tanh", name=name)]
    heads = {task: lambda name: layers.Dense(1, name=name) for task in tasks}
    return architecture(keras.Input((4,)), stages, heads)


def data(rows):
    """Rows of two tasks, whose losses differ in size."""
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")[:rows]
    return x, {"age": x[:, :1] * x[:, 1:2], "height": 2 * x[:, 2:3]}


CASES = [
    Case(
        "equal weights × shared",
        lambda: Balanced(network()),
        data,
        MSE,
        REFUSES,
        one_task=lambda: Balanced(network(tasks=TASKS[:1])),
    ),
]
