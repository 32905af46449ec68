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
