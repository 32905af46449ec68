"""Methods that learn from labelled and unlabelled rows, and a loss on embeddings."""

import functools

import keras
import numpy as np
from keras import layers

from course_lib.consistency import methods, pairs
from tests.contract.case import Case

# Options with which all rows of the tiny data count, or some do.
OPTIONS = {
    "supervised": {},
    "UDA": {"threshold": 0.4},
    "Π-model": {},
    "Mean Teacher": {"momentum": 0.9},
    "VAT": {"radius": 0.5},
    "Pseudo-Label": {"threshold": 0.4, "ramp_up": 4},
    "ICT": {"momentum": 0.9},
    "MixMatch": {},
    "FixMatch": {"threshold": 0.4},
    "FlexMatch": {"threshold": 0.4, "momentum": 0.5},
    "FreeMatch": {"momentum": 0.9},
    "SoftMatch": {"momentum": 0.9, "alignment": True},
}
REFUSES = {"MixMatch": dict.fromkeys(("sample_weight", "class_weight"), "mixes rows")}
DRAWS = ("VAT", "ICT", "MixMatch")


def network():
    """A tiny network from 5 features to 3 logits, with the same weights at each call."""
    keras.utils.set_random_seed(0)
    hidden = layers.Dense(8, activation="tanh", name="hidden")
    return keras.Sequential([keras.Input((5,)), hidden, layers.Dense(3, name="logits")])


def make(name):
    method = {"supervised": methods.Supervised, **methods.METHODS}[name]
    return method(network(), **OPTIONS[name])


def annealed():
    return methods.UDA(network(), threshold=0.4, annealing="linear", steps=6)


def data(rows):
    """Labelled rows, and two views of as many rows without labels."""
    rng = np.random.default_rng(0)
    labelled, clean, noise = rng.normal(size=(3, 16, 5)).astype("float32")
    x = {"labelled": labelled[:rows], "views": (clean[:rows], (clean + noise / 10)[:rows])}
    return x, np.argmax(labelled[:, :3], axis=1).astype("float32")[:rows]


def take(x, rows):
    return {**x, "labelled": x["labelled"][rows]}


def labelled(rows):
    x, y = data(rows)
    return x["labelled"], y


CASES = [
    *(
        Case(
            name,
            functools.partial(make, name),
            data,
            refuses=REFUSES.get(name, {}),
            draws=name in DRAWS,
            take=take,
        )
        for name in OPTIONS
    ),
    Case("UDA, annealed", annealed, data, take=take),
    Case(
        "semi-hard triplets",
        network,
        labelled,
        {"loss": pairs.SemiHardTriplet(2.0)},
        dict.fromkeys(("sample_weight", "class_weight"), "terms are triplets"),
    ),
]
