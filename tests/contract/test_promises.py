"""The promises themselves: plain Keras keeps them, and a model that breaks one is found out."""

import keras
import numpy as np
import pytest
from keras import layers

from tests.contract.case import Case
from tests.contract.promises import PROMISES


def make(model=keras.Model, tasks=("age", "height")):
    keras.utils.set_random_seed(0)
    x = keras.Input((4,))
    hidden = layers.Dense(6, "tanh", name="hidden")(x)
    return model(x, {task: layers.Dense(1, name=task)(hidden) for task in tasks})


def data(rows):
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")[:rows]
    return x, {"age": x[:, :1] * x[:, 1:2], "height": 2 * x[:, 2:3]}


def case_of(model):
    loss = dict.fromkeys(("age", "height"), "mean_squared_error")
    return Case("plain", lambda: make(model), data, {"loss": loss})


PLAIN = case_of(keras.Model)


@pytest.mark.parametrize("name", [name for name in PROMISES if name not in ("one_task",)])
def test_plain_keras_keeps(name, tmp_path):
    PROMISES[name].keep(PLAIN, tmp_path)
