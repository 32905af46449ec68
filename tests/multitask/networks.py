"""Small networks of three tasks with random weights, and what parts of them say."""

import keras
import numpy as np
from keras import ops

HEADS = {
    "age": lambda name: keras.layers.Dense(1, name=name),
    "height": lambda name: keras.layers.Dense(2, name=name),
    "weight": lambda name: keras.layers.Dense(1, name=name),
}
TASKS = tuple(HEADS)


def dense(units):
    """A stage for vectors."""
    return lambda name: keras.layers.Dense(units, "tanh", name=name)


def convolution(units):
    """A stage for pictures, which halves them."""
    return lambda name: keras.layers.Conv2D(units, 3, 2, "same", activation="tanh", name=name)


VECTORS = ((4,), [dense(6), dense(5), dense(3)])
PICTURES = ((8, 16, 3), [convolution(4), convolution(5), convolution(3)])


def make(architecture, parts, heads=HEADS, **options):
    """A model whose weights are all random: no bias is 0, no gate is even, no stitch its start."""
    shape, stages, _ = parts
    model = architecture(keras.Input(shape), stages, heads, **options)
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.7, w.shape).astype("float32") for w in model.get_weights()])
    return model


def answers(model, x):
    """Dictionary from output to answers, as NumPy arrays."""
    return {task: ops.convert_to_numpy(y) for task, y in model(x).items()}


def say(model, name, x):
    """What the layer of a name makes of `x`, as a NumPy array."""
    return ops.convert_to_numpy(model.get_layer(name)(x))


def heads_say(model, hidden, prefix=""):
    """What all heads make of the tasks' features, a list in the order of tasks."""
    return {prefix + task: say(model, f"{prefix}{task}_head", h) for task, h in zip(TASKS, hidden)}


def assert_same(found, expected):
    """Two dictionaries of answers are equal."""
    assert found.keys() == expected.keys()
    for task, value in expected.items():
        assert np.allclose(found[task], value, atol=1e-5), task
