from types import SimpleNamespace

import keras
import numpy as np
import pytest

from tests.multitask.networks import PICTURES, VECTORS


@pytest.fixture
def data():
    """Three small tasks of unequal size, in mixed order; the last feature is the bias."""
    rng = np.random.default_rng(0)
    task = rng.permutation(np.repeat([0, 1, 2], [4, 9, 17])).astype("int32")
    x = rng.normal(size=(30, 5)).astype("float32")
    x[:, -1] = 1
    own = rng.normal(size=(3, 5))
    y = (np.sum(x * own[task], axis=1) + 0.1 * rng.normal(size=30)).astype("float32")
    return SimpleNamespace(x=x, task=task, y=y, tasks=3, features=5)


@pytest.fixture(params=[VECTORS, PICTURES], ids=["vectors", "pictures"])
def parts(request):
    """An input shape, a trunk's three stages, and a batch of inputs."""
    keras.utils.set_random_seed(0)
    shape, stages = request.param
    return shape, stages, np.random.default_rng(0).normal(size=(3, *shape)).astype("float32")
