"""Limits of the prior at the source's weights, and the same by `fit`."""

import keras
import numpy as np
import pytest
from keras import ops
from sklearn.linear_model import Ridge

from course_lib.transfer import parameters


@pytest.fixture
def rows():
    """Thirty target rows of four features, labels, and the source's weights."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 4))
    return x, x @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=30), np.array([2.0, -1.0, 0.0, 1.0])


def test_a_huge_penalty_gives_the_sources_weights(rows):
    x, y, start = rows
    assert parameters.ridge_towards(x, y, start, 1e12) == pytest.approx(start, abs=1e-9)


def test_no_penalty_gives_least_squares(rows):
    x, y, start = rows
    found = parameters.ridge_towards(x, y, start, 0)
    assert found == pytest.approx(np.linalg.lstsq(x, y)[0])


def test_a_start_at_zero_is_plain_ridge(rows):
    x, y, _ = rows
    expected = Ridge(alpha=2.0, fit_intercept=False).fit(x, y).coef_
    assert parameters.ridge_towards(x, y, np.zeros(4), 2.0) == pytest.approx(expected)


@pytest.mark.parametrize("penalty", [0.1, 10.0, 1000.0])
def test_identical_domains_give_the_identical_weights(rows, penalty):
    x, y, _ = rows
    source = np.linalg.lstsq(x, y)[0]
    assert parameters.ridge_towards(x, y, source, penalty) == pytest.approx(source)


def test_the_gradient_vanishes(rows):
    x, y, start = rows
    found = parameters.ridge_towards(x, y, start, 3.0)
    assert np.allclose(x.T @ (x @ found - y) + 3.0 * (found - start), 0)


def test_fewer_rows_than_features_stay_at_the_source_where_they_say_nothing(rows):
    x, y, start = rows
    x = np.column_stack([x[:2, :2], np.zeros((2, 2))])
    assert parameters.ridge_towards(x, y[:2], start, 1.0)[2:] == pytest.approx(start[2:])


def test_fit_with_the_regularizer_finds_the_closed_form(rows):
    x, y, start = rows
    towards = parameters.Towards(start[:, None], penalty=5.0 / len(y))
    layer = keras.layers.Dense(1, use_bias=False, kernel_regularizer=towards)
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile(keras.optimizers.SGD(0.2, momentum=0.5), "mse", jit_compile=False)
    steps = 200  # each on all rows
    model.fit(np.tile(x, (steps, 1)), np.tile(y, steps), len(y), shuffle=False, verbose=0)
    closed = parameters.ridge_towards(x, y, start, 5.0)
    assert ops.convert_to_numpy(layer.kernel)[:, 0] == pytest.approx(closed, abs=1e-4)


def test_a_model_with_the_regularizer_can_be_saved_and_loaded(rows, tmp_path):
    _, _, start = rows
    towards = parameters.Towards(start[:, None], penalty=0.3)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_regularizer=towards)])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert float(loaded.losses[0]) == pytest.approx(float(model.losses[0]))
