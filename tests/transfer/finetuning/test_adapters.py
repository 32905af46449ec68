"""Adapters are the identity at first, and alone are trained."""

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.transfer import freezing
from course_lib.transfer.finetuning import adapters

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
AFTER = ["block", "second", "pooled"]


def train(model, batch):
    model.compile(keras.optimizers.SGD(0.1), LOSS, run_eagerly=True)
    model.train_on_batch(*batch)


@pytest.fixture
def adapted(pictures):
    return adapters.add_adapters(pictures, AFTER, width=2, head=["scores"])


def test_untrained_it_is_the_base_to_the_bit(adapted, pictures, batch):
    x = batch[0]
    assert np.array_equal(adapted(x).numpy(), pictures(x))


def test_only_adapters_and_the_head_are_trained(adapted, pictures, batch):
    parts = ("down/kernel", "down/bias", "up/kernel", "up/bias")
    expected = {f"{name}/{part}" for name in AFTER for part in parts}
    expected |= {"scores/kernel", "scores/bias"}
    assert {w.path for w in adapted.trainable_weights} == expected
    old = pictures.get_weights()
    before = {w.path: w.numpy() for w in adapted.weights}
    for _ in range(2):  # at first the upper half alone has a gradient
        train(adapted, batch)
    moved = {w.path for w in adapted.weights if not np.array_equal(w, before[w.path])}
    assert moved == expected
    assert all(np.array_equal(a, b) for a, b in zip(old, pictures.get_weights(), strict=True))
    freezing.freeze(adapted, until="block")
    assert "second/second/kernel" not in {w.path for w in adapted.trainable_weights}
    freezing.freeze(adapted)
    assert "second/second/kernel" not in {w.path for w in adapted.trainable_weights}


def test_at_first_the_upper_half_learns_and_then_the_lower(adapted, batch):
    adapter = adapted.get_layer("pooled")
    down, up = adapter.down.get_weights(), adapter.up.get_weights()
    assert np.abs(down[0]).min() > 0
    assert not np.any(up[0])
    train(adapted, batch)
    assert np.array_equal(adapter.down.kernel, down[0])
    assert np.any(adapter.up.get_weights()[0])
    train(adapted, batch)
    assert not np.array_equal(adapter.down.kernel, down[0])


@pytest.mark.parametrize("shape", [(4,), (3, 3, 4)])
def test_it_is_the_formulas(shape):
    """h + U φ(D h), at each place alike."""
    adapter = adapters.Adapter(layers.Activation("tanh"), width=2)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(5, *shape)).astype("float32")
    adapter.build(x.shape)
    down, up = rng.normal(size=(4, 2)), rng.normal(size=(2, 4))
    adapter.down.set_weights([down, np.array([0.1, -0.2])])
    adapter.up.set_weights([up, np.array([1.0, 2.0, 3.0, 4.0])])
    h = np.tanh(x)
    expected = h + np.maximum(h @ down + [0.1, -0.2], 0) @ up + [1, 2, 3, 4]
    assert np.allclose(adapter(x), expected, atol=1e-5)


def test_another_activation_is_used_and_kept():
    adapter = adapters.Adapter(layers.ReLU(), 2, "gelu")
    again = adapters.Adapter.from_config(adapter.get_config())
    again.build((None, 3))
    assert (again.width, again.activation) == (2, "gelu")
    assert again.down.activation is keras.activations.gelu


def test_it_can_be_saved_and_loaded(adapted, batch, tmp_path):
    train(adapted, batch)
    adapted.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x = batch[0]
    assert np.array_equal(loaded(x).numpy(), adapted(x))
    paths = [[w.path for w in one.trainable_weights] for one in (adapted, loaded)]
    assert paths[0] == paths[1]


def test_no_width_and_unknown_layers_are_refused(pictures):
    with pytest.raises(ValueError, match="width of at least 1, but got 0"):
        adapters.add_adapters(pictures, ["block"], 0)
    with pytest.raises(ValueError, match=r"no layers \['block9'\]"):
        adapters.add_adapters(pictures, ["block9"], 2)
    with pytest.raises(ValueError, match=r"\['scores'\] are trained in full"):
        adapters.add_adapters(pictures, ["scores"], 2, head=["scores"])
