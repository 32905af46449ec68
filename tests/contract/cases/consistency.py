"""Methods that learn from labelled and unlabelled rows."""

import keras
import numpy as np
from keras import layers

from course_lib.consistency.methods import UDA, MeanTeacher
from tests.contract.case import Case


def network():
    """A tiny network from 5 features to 3 logits, with the same weights at each call."""
    keras.utils.set_random_seed(0)
    hidden = layers.Dense(8, activation="tanh", name="hidden")
    return keras.Sequential([keras.Input((5,)), hidden, layers.Dense(3, name="logits")])


def data(rows):
    """Labelled rows, and two views of as many rows without labels."""
    rng = np.random.default_rng(0)
    labelled, clean, noise = rng.normal(size=(3, 16, 5)).astype("float32")
    x = {"labelled": labelled[:rows], "views": (clean[:rows], (clean + noise / 10)[:rows])}
    return x, np.argmax(labelled[:, :3], axis=1).astype("float32")[:rows]


def take(x, rows):
    return {**x, "labelled": x["labelled"][rows]}


CASES = [
    Case("UDA", lambda: UDA(network(), threshold=0.4), data, take=take),
    Case("Mean Teacher", lambda: MeanTeacher(network(), momentum=0.9), data, take=take),
]
