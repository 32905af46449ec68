"""Losses, layers and trainings are the same on TensorFlow, JAX and PyTorch, where installed."""

import functools
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

# Each backend draws other random numbers from the same seed.
DRAWS = {"VAT", "ICT", "MixMatch"}


@functools.cache
def measure(backend):
    """Losses with their gradients, and trainings with their ends, on a backend."""
    if not importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    program = Path(__file__).with_name("backends.py")
    fast = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # of the compiler, which takes most of the time
    environment = {**os.environ, **fast, "KERAS_BACKEND": backend}
    done = subprocess.run(
        [sys.executable, program], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_losses_and_gradients_are_the_same(backend):
    found, expected = measure(backend)["losses"], measure("tensorflow")["losses"]
    assert found.keys() == expected.keys()
    for name, (value, slope) in found.items():
        assert np.isclose(value, expected[name][0], rtol=1e-5, atol=1e-5), name
        assert np.allclose(slope, expected[name][1], rtol=1e-5, atol=1e-5), name
        assert np.abs(slope).max() > 0, name


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_trainings_end_at_the_same_place(backend):
    found, expected = measure(backend)["trainings"], measure("tensorflow")["trainings"]
    assert found.keys() == expected.keys()
    for name, (loss, weights) in found.items():
        assert np.isfinite(loss), name
        if name not in DRAWS:
            assert np.isclose(loss, expected[name][0], rtol=1e-4), name
            assert np.allclose(weights, expected[name][1], atol=1e-4), name
