import keras
import numpy as np
import pytest
from keras import layers


@pytest.fixture
def network():
    """A small network with batch normalisation and dropout, from 5 features to 3 logits."""
    keras.utils.set_random_seed(0)
    x = keras.Input((5,))
    h = layers.BatchNormalization(momentum=0.5)(layers.Dense(8, activation="relu")(x))
    return keras.Model(x, layers.Dense(3)(layers.Dropout(0.1)(h)))


@pytest.fixture
def linear():
    """A linear softmax model, which answers the same in training and in inference."""
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5,)), layers.Dense(3)])


@pytest.fixture
def batch():
    """Eight labelled rows, and two views of twelve without labels."""
    rng = np.random.default_rng(0)
    draw = lambda rows: rng.normal(size=(rows, 5)).astype("float32")  # noqa: E731
    return {"labelled": draw(8), "views": (draw(12), draw(12))}, rng.integers(3, size=8)


@pytest.fixture
def softmax():
    """Softmax over the last axis in NumPy."""

    def function(logits):
        exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
        return exponentials / exponentials.sum(axis=-1, keepdims=True)

    return function
