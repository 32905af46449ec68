"""L²-SP by its gradients, its closed form and its limits."""

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.transfer import parameters
from course_lib.transfer.finetuning.l2_sp import L2SP

ALPHA, BETA, RATE = 0.3, 0.7, 0.1


def linear(units=(3, 2)):
    """A linear network of a kept layer and a head."""
    keras.utils.set_random_seed(0)
    x = keras.Input((4,))
    h = layers.Dense(units[0], use_bias=False, name="kept")(x)
    return keras.Model(x, layers.Dense(units[1], use_bias=False, name="head")(h))


def step(model, x, y, rate=RATE, **options):
    """One step of gradient descent on the mean squared error, without a graph."""
    model.compile(keras.optimizers.SGD(rate, **options), "mse", run_eagerly=True)
    return model.train_on_batch(x, y)


@pytest.fixture
def rows():
    rng = np.random.default_rng(0)
    return rng.normal(size=(8, 4)), rng.normal(size=(8, 2))


@pytest.fixture
def moved():
    """A model whose weights have moved since it was made, and what they were then."""
    network = linear()
    model = L2SP(network, ALPHA, BETA, new=["head"])
    start = network.get_weights()
    rng = np.random.default_rng(1)
    network.set_weights([w + rng.normal(size=w.shape) for w in start])
    return model, start


def test_a_step_is_the_formulas(rows, moved):
    x, y = rows
    model, (start, _) = moved
    kept, head = model.network.get_weights()
    wrong = 2 / y.size * (x @ kept @ head - y)
    loss = step(model, x, y)
    by_kept = x.T @ wrong @ head.T + ALPHA * (kept - start)
    by_head = (x @ kept).T @ wrong + BETA * head
    found = model.network.get_weights()
    assert np.allclose(found[0], kept - RATE * by_kept, atol=1e-6)
    assert np.allclose(found[1], head - RATE * by_head, atol=1e-6)
    penalty = ALPHA / 2 * np.sum((kept - start) ** 2) + BETA / 2 * np.sum(head**2)
    assert loss == pytest.approx(np.mean((x @ kept @ head - y) ** 2) + penalty, rel=1e-5)


def test_without_penalties_it_is_plain_fine_tuning(rows):
    plain, model = linear(), L2SP(linear(), 0.0)
    step(plain, *rows)
    step(model, *rows)
    for one, other in zip(plain.get_weights(), model.network.get_weights(), strict=True):
        assert np.array_equal(one, other)


@pytest.mark.parametrize("penalty", [0.1, 5.0, 1e6])
def test_it_rests_at_the_closed_form(rows, penalty):
    """min ‖y − x w‖² + λ‖w − w⁰‖², which for large λ is frozen at w⁰."""
    x, y = rows[0], rows[1][:, 0]
    entry = keras.Input((4,))
    network = keras.Model(entry, layers.Dense(1, use_bias=False)(entry))
    start = network.get_weights()[0][:, 0]
    model = L2SP(network, alpha=2 * penalty / len(y))
    closed = parameters.ridge_towards(x, y, start, penalty)
    network.set_weights([closed[:, None]])
    step(model, x, y, rate=0.1 / (1 + penalty))
    assert np.allclose(network.get_weights()[0][:, 0], closed, atol=1e-6)
    if penalty == 1e6:
        assert np.allclose(closed, start, atol=1e-4)
    else:
        assert not np.allclose(closed, start, atol=1e-2)


def test_the_start_is_the_one_at_which_it_was_made(rows, moved, tmp_path):
    """Neither training nor compiling nor loading takes another."""
    model, start = moved
    for _ in range(2):
        step(model, *rows)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for one in (model, loaded):
        (kept, head), expected = one.network.get_weights(), 0.0
        expected += ALPHA / 2 * np.sum((kept - start[0]) ** 2) + BETA / 2 * np.sum(head**2)
        assert float(one.penalty()) == pytest.approx(expected, rel=1e-5)
    assert np.array_equal(model.predict(rows[0], verbose=0), loaded.predict(rows[0], verbose=0))
    first = [step(one, *rows) for one in (model, loaded)]
    assert first[0] == first[1]


def test_what_is_frozen_and_moving_statistics_have_no_part(residual):
    model = L2SP(residual, ALPHA)
    residual.get_layer("block1_dense").trainable = False
    for layer, weight in (("block1_dense", 0), ("block1_norm", 2), ("block1_norm", 3)):
        values = residual.get_layer(layer).weights[weight]
        values.assign(values + 1.0)
    assert float(model.penalty()) == 0
    residual.get_layer("block1_dense").trainable = True
    assert float(model.penalty()) == pytest.approx(ALPHA / 2 * 64, rel=1e-5)


def test_only_the_network_is_trained_and_the_start_is_a_copy(rows):
    model = L2SP(linear(), ALPHA)
    assert [w.path for w in model.trainable_weights] == ["kept/kernel", "head/kernel"]
    before = model.source.get_weights()
    step(model, *rows)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.source.get_weights()))


@pytest.mark.parametrize(
    "optimizer",
    [
        keras.optimizers.AdamW(),
        keras.optimizers.SGD(0.1, weight_decay=0.01),
        keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(weight_decay=1e-4)),
    ],
)
def test_decay_towards_zero_is_refused(rows, optimizer):
    model = L2SP(linear(), ALPHA)
    model.compile(optimizer, "mse", run_eagerly=True)
    with pytest.raises(ValueError, match=r"decays all weights towards zero.*weight_decay=None"):
        model.train_on_batch(*rows)


def test_regularizers_towards_zero_are_refused():
    entry = keras.Input((4,))
    network = keras.Model(entry, layers.Dense(1, kernel_regularizer="l2", name="own")(entry))
    with pytest.raises(ValueError, match=r"own/kernel.*regularizers of their own"):
        L2SP(network, ALPHA)


def test_a_new_layer_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="heat"):
        L2SP(linear(), ALPHA, BETA, new=["heat"])


def test_a_layer_that_trains_in_its_own_way_is_told_so(residual):
    """Batch normalisation that is trained still sees the batch."""
    model, x = L2SP(residual, 0.0), np.ones((4, 6), "float32")
    x[0] = 0
    trained, still = model(x, training=True), model(x, training=False)
    assert not np.allclose(trained, still, atol=1e-3)
