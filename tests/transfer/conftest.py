import os

import keras
import numpy as np
import pytest
from keras import layers

REAL = os.environ.get("COURSE_DATA")


@pytest.fixture
def real_data(no_real_data, monkeypatch):
    """Gives a test the real data back."""
    if not REAL:
        pytest.skip("COURSE_DATA is not set")
    monkeypatch.setenv("COURSE_DATA", REAL)


@pytest.fixture
def residual():
    """A small residual network with batch normalisation: stem, two blocks, scores."""
    keras.utils.set_random_seed(0)
    x = keras.Input((6,))
    h = layers.ReLU(name="stem")(layers.Dense(8, name="stem_dense")(x))
    for block in ("block1", "block2"):
        r = layers.Dense(8, name=f"{block}_dense")(h)
        r = layers.BatchNormalization(momentum=0.5, name=f"{block}_norm")(r)
        h = layers.ReLU(name=block)(layers.Add(name=f"{block}_add")([h, r]))
    return keras.Model(x, layers.Dense(3, name="scores")(h), name="residual")


@pytest.fixture
def rows():
    """Forty inputs of the residual network, and their classes."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(40, 6)).astype("float32"), rng.integers(3, size=40)


@pytest.fixture
def pictures():
    """A small network of pictures: two convolutions with batch normalisation, means, scores."""
    keras.utils.set_random_seed(0)
    x = keras.Input((5, 5, 2))
    h = layers.Conv2D(4, 3, padding="same", activation="tanh", name="first")(x)
    h = layers.BatchNormalization(momentum=0.5, name="norm")(h)
    h = layers.Conv2D(3, 3, use_bias=False, name="second")(layers.ReLU(name="block")(h))
    h = layers.GlobalAveragePooling2D(name="pooled")(h)
    model = keras.Model(x, layers.Dense(3, name="scores")(h), name="pictures")
    rng = np.random.default_rng(1)
    model.set_weights([w + 0.1 * rng.random(w.shape) for w in model.get_weights()])
    return model


@pytest.fixture
def batch():
    """Twelve inputs of the network of pictures, and their classes."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(12, 5, 5, 2)).astype("float32"), np.arange(12) % 3
