import keras
import numpy as np
import pytest
from keras import ops

from course_lib.fusion.layers import LowRankFusion, ModalityDropout


@pytest.fixture
def modalities():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2000, 4, 2)).astype("float32"), np.ones((2000, 3), "float32")]


def kept(outputs):
    """Which modalities each row has still."""
    flat = [ops.convert_to_numpy(x).reshape(len(x), -1) for x in outputs]
    return np.stack([np.any(x, axis=1) for x in flat], axis=1)


@pytest.mark.parametrize("rate", [0.3, 0.9])
def test_modalities_are_left_out_whole_and_never_all(modalities, rate):
    outputs = ModalityDropout(rate, seed=0)(modalities, training=True)
    present = kept(outputs)
    assert np.all(present.any(axis=1))
    for before, after, there in zip(modalities, outputs, present.T):
        assert np.array_equal(ops.convert_to_numpy(after)[there], before[there])
    # Left out alone, or both, of which one is then kept after all.
    expected = rate * (1 - rate) + rate**2 / 2
    assert np.mean(~present, axis=0) == pytest.approx([expected] * 2, abs=0.04)


def test_in_inference_nothing_is_left_out(modalities):
    outputs = ModalityDropout(0.9)(modalities, training=False)
    assert all(np.array_equal(a, b) for a, b in zip(outputs, modalities))


def test_a_rate_that_would_leave_all_out_is_refused():
    with pytest.raises(ValueError, match=r"below 1, but got 1\.0"):
        ModalityDropout(1.0)


def test_low_rank_fusion_is_a_contraction_of_the_full_tensor():
    rng = np.random.default_rng(0)
    x, y = (rng.normal(size=(5, features)).astype("float32") for features in (3, 2))
    layer = LowRankFusion(units=4, rank=2)
    fused = ops.convert_to_numpy(layer([x, y]))
    a, b = (w.reshape(-1, 2, 4) for w in layer.get_weights())
    tensor = np.einsum("iru,jru->iju", a, b)
    ones = np.ones((5, 1))
    outer = np.einsum("ni,nj->nij", np.hstack([x, ones]), np.hstack([y, ones]))
    assert np.allclose(fused, np.einsum("nij,iju->nu", outer, tensor), atol=1e-5)


def test_all_factors_of_low_rank_fusion_learn():
    inputs = [keras.Input((3,)), keras.Input((2,))]
    model = keras.Model(inputs, LowRankFusion(1)(inputs))
    assert len(model.trainable_weights) == 2
    rng = np.random.default_rng(0)
    x = [rng.normal(size=(64, n)).astype("float32") for n in (3, 2)]
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    model.fit(x, x[0][:, 0] * x[1][:, 0], verbose=0)
    assert all(not np.allclose(a, b) for a, b in zip(before, model.get_weights()))


@pytest.mark.parametrize("layer", [ModalityDropout(0.2, seed=3), LowRankFusion(4, rank=2)])
def test_layers_can_be_stored(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
