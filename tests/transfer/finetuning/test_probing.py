"""Head first, then everything: the probe, its start, and the budgets."""

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.transfer.finetuning.probing import probe_then_fine_tune

OPTIONS = {"batch_size": 40, "shuffle": False, "verbose": 0}


def compile(model):
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)


@pytest.fixture
def targets(rows):
    return np.random.default_rng(3).normal(size=(len(rows[0]), 3)).astype("float32")


def test_without_fine_tuning_it_is_the_probe(residual, rows, targets):
    """A layer on features that were computed apart, from the same start, learns the same."""
    x, _ = rows
    features = keras.Model(residual.input, residual.get_layer("block2").output)(x).numpy()
    probe = keras.Sequential([keras.Input((8,)), layers.Dense(3)])
    probe.set_weights(residual.get_layer("scores").get_weights())
    compile(probe)
    probe.fit(features, targets, epochs=4, **OPTIONS)
    before = residual.get_weights()
    history = probe_then_fine_tune(residual, "block2", compile, x, targets, 4, 0, **OPTIONS)
    assert len(history["loss"]) == 4
    after = residual.get_weights()
    assert all(np.array_equal(a, b) for a, b in zip(before[:-2], after[:-2], strict=True))
    assert not np.allclose(after[-2], before[-2], atol=1e-3)
    for ours, theirs in zip(after[-2:], probe.get_weights()):
        assert np.allclose(ours, theirs, atol=1e-5)
    assert np.allclose(residual(x).numpy(), probe(features).numpy(), atol=1e-4)


def test_fine_tuning_goes_on_from_the_probe_with_everything(residual, rows, targets):
    """As the probe and then fine-tuning by hand, in as many epochs as were asked for."""
    x, _ = rows
    start = residual.get_weights()
    probe_then_fine_tune(residual, "block2", compile, x, targets, 2, 0, **OPTIONS)
    probed = residual.get_weights()
    for layer in residual.layers:
        layer.trainable = not isinstance(layer, layers.BatchNormalization)
    compile(residual)
    residual.fit(x, targets, epochs=3, **OPTIONS)
    expected = residual.get_weights()
    residual.set_weights(start)
    history = probe_then_fine_tune(residual, "block2", compile, x, targets, 2, 3, **OPTIONS)
    assert len(history["loss"]) == 5
    for found, by_hand, probe, w in zip(
        residual.get_weights(), expected, probed, residual.weights, strict=True
    ):
        assert np.allclose(found, by_hand, atol=1e-6)
        assert np.array_equal(found, probe) == ("norm" in w.path), w.path


def test_a_probe_that_is_right_leaves_features_alone_and_a_random_head_does_not():
    """Why the head goes first: the gradient that reaches the base is the head's error."""
    keras.utils.set_random_seed(0)
    x = np.linalg.qr(np.random.default_rng(0).normal(size=(8, 4)))[0].astype("float32")
    entry = keras.Input((4,))
    h = layers.Dense(4, use_bias=False, kernel_initializer="orthogonal", name="base")(entry)
    model = keras.Model(entry, layers.Dense(1, use_bias=False, name="head")(h))
    base = model.get_weights()[0]
    y = x @ base @ [[1.0], [2.0], [-1.0], [0.5]]

    def compile(model):  # features are orthonormal: one step is the least-squares solution
        model.compile(keras.optimizers.SGD(4.0), "mse", run_eagerly=True)

    options = {"batch_size": 8, "shuffle": False, "verbose": 0}
    probe_then_fine_tune(model, "base", compile, x, y, 1, 1, **options)
    assert np.allclose(model.get_weights()[0], base, atol=1e-5)
    model.get_layer("head").set_weights([np.ones((4, 1))])
    probe_then_fine_tune(model, "base", compile, x, y, 0, 1, **options)
    assert not np.allclose(model.get_weights()[0], base, atol=0.1)


def test_a_layer_where_the_model_cannot_be_cut_is_refused(residual, rows):
    with pytest.raises(ValueError, match="cannot be cut at 'block1_dense'"):
        probe_then_fine_tune(residual, "block1_dense", compile, *rows, 1, 1)
