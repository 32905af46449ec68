"""Architectures, layers of several tasks, and ways to train on tasks that share no inputs."""

import functools

import keras
import numpy as np
from keras import layers

from course_lib.multitask import adaptive, architectures, proximal, relationships, sharing, training
from course_lib.multitask.losses import Present
from tests.contract.case import Case

TASKS = ("age", "height")
MSE = {"loss": dict.fromkeys(TASKS, "mean_squared_error")}
REFUSES = {"class_weight": "single output"}
HEADS = dict.fromkeys(TASKS, lambda name: layers.Dense(1, name=name))


def dense(name):
    return layers.Dense(4, "tanh", name=name)


def network(architecture, **options):
    """A tiny network from 4 features to a number for each of two tasks."""
    keras.utils.set_random_seed(0)
    return architecture(keras.Input((4,)), [dense, dense], HEADS, **options)


def data(rows):
    """Rows of two tasks, whose losses differ in size."""
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")[:rows]
    return x, {"age": x[:, :1] * x[:, 1:2], "height": 2 * x[:, 2:3]}


def incomplete(rows):
    """The same rows; from the fifth on, every other one lacks the label of a task."""
    x, y = data(rows)
    places = np.arange(rows)
    for start, labels in enumerate(y.values()):
        labels[(places >= 4) & (places % 2 == start)] = np.nan
    return x, y


def first_answers(rows):
    """Labels of PAD-Net's first and last answers."""
    x, y = data(rows)
    return x, y | {architectures.INITIAL + task: labels for task, labels in y.items()}


def of_schools(rows):
    """Rows of three tasks, each with a label of its own task alone."""
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")[:rows]
    task = np.resize([0, 1, 2, 1, 0], rows).astype("int32")
    return (x, task), np.digitize(x[:, 0] + 0.3 * task, [-0.5, 0.5]).astype("float32")


def for_schools(build, *arguments, **options):
    """A model of `sharing`, with the same weights at each call, none of them zero."""
    keras.utils.set_random_seed(0)
    model = build(*arguments, **options)
    for weight in model.trainable_weights:
        weight.assign(keras.random.normal(weight.shape, stddev=0.5))
    return model


def method_one():
    model = for_schools(sharing.shared_trunk, 3, 4, [4], penalty=0.01)
    return training.MethodOne(model.inputs, model.outputs, 3)


@keras.saving.register_keras_serializable("contract")
class Related(keras.Model):
    """A relationship network whose covariances are updated after each epoch of every `fit`."""

    def fit(self, *data, callbacks=(), **options):
        update = relationships.RelationshipUpdate()
        return super().fit(*data, callbacks=[update, *callbacks], **options)


def related():
    keras.utils.set_random_seed(0)
    model = relationships.relationship_network(keras.Input((4,)), [dense], HEADS, [3], weight=1e-6)
    return Related(model.input, model.output)


def constrained(constraint):
    keras.utils.set_random_seed(0)
    inputs = [keras.Input((4,), name="x"), keras.Input((), dtype="int32", name="task")]
    layer = sharing.TaskDense(3, 2, "tanh", kernel_constraint=constraint)
    return keras.Model(inputs, sharing.TaskDense(3, 1)(layer(*inputs), inputs[1]))


def of_two_tasks(name, architecture, data=data, compile=MSE, **options):
    return Case(name, functools.partial(network, architecture, **options), data, compile, REFUSES)


def of_rows(name, make, **options):
    return Case(name, make, of_schools, {"loss": "mean_squared_error"}, **options)


FOUR_LOSSES = {"loss": MSE["loss"] | {f"{architectures.INITIAL}{t}": "mse" for t in TASKS}}
TREE = [[list(TASKS)], [["age"], ["height"]]]
CASES = [
    of_two_tasks("hard sharing", architectures.shared, cut=1),
    of_two_tasks("soft sharing", architectures.soft, penalty=0.05),
    of_two_tasks("cross-stitch", architectures.cross_stitch, rate=2.0),
    of_two_tasks("MTAN", architectures.mtan),
    of_two_tasks("PAD-Net", architectures.pad_net, first_answers, FOUR_LOSSES),
    of_two_tasks("MMoE", architectures.mmoe),
    of_two_tasks("CGC", architectures.cgc),
    of_two_tasks("PLE", architectures.ple),
    of_two_tasks("adaptive sharing", adaptive.branched, groups=TREE),
    of_two_tasks(
        "missing labels",
        architectures.shared,
        incomplete,
        {"loss": {task: Present("mean_squared_error") for task in TASKS}},
    ),
    Case("relationships", related, data, MSE, REFUSES),
    of_rows("separate, by rows", lambda: for_schools(sharing.separate, 3, 4, [4])),
    of_rows("pooled, by rows", lambda: for_schools(sharing.pooled, 4, [4])),
    of_rows("shared trunk, by rows", lambda: for_schools(sharing.shared_trunk, 3, 4, [4])),
    of_rows("gated, by rows", lambda: for_schools(sharing.gated, 3, 4, [4])),
    of_rows("w₀ + v_t, by rows", lambda: for_schools(sharing.shared_plus_own, 3, 4, 0.01)),
    of_rows("MMoE, by rows", lambda: for_schools(sharing.mmoe, 3, 4, [4], experts=2)),
    of_rows("CGC, by rows", lambda: for_schools(sharing.cgc, 3, 4, [4])),
    of_rows("low rank", lambda: constrained(proximal.LowRank(0.01))),
    of_rows("shared rows", lambda: constrained(proximal.SharedRows(0.01))),
    of_rows("Method One", method_one),
]
