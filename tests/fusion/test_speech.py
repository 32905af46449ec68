import numpy as np
import pytest
from keras import ops

from course_lib.fusion.speech import SincConv, StatisticsPooling, hertz, mel
from course_lib.gradients import input_gradient


def response(kernel, frequency, rate=8000):
    """How much of a tone each filter lets pass."""
    n = np.arange(len(kernel)) - len(kernel) // 2
    return np.abs(np.exp(-2j * np.pi * frequency / rate * n) @ kernel)


@pytest.fixture
def layer():
    layer = SincConv(8, width=801)
    layer.build((None, 8000))
    return layer


def test_a_filter_passes_its_band_and_stops_the_rest(layer):
    kernel = ops.convert_to_numpy(layer.kernel())
    edges = [ops.convert_to_numpy(edge) for edge in layer.bands()]
    for number, (first, second) in enumerate(zip(*edges)):
        inside, outside = (first + second) / 2, [first - 60, second + 60]
        assert response(kernel, inside)[number] == pytest.approx(1, abs=0.02)
        assert all(response(kernel, f)[number] < 0.02 for f in outside if 0 < f < 4000)


def test_edges_stay_in_order_whatever_is_learned(layer):
    rng = np.random.default_rng(0)
    layer.set_weights([rng.normal(size=8), rng.normal(size=8)])
    first, second = (ops.convert_to_numpy(edge) for edge in layer.bands())
    assert np.all((first < second) | (second == 4000))
    assert np.all(second <= 4000)


def test_a_tone_comes_out_of_its_filter_alone(layer):
    first, second = (ops.convert_to_numpy(edge) for edge in layer.bands())
    tone = np.sin(2 * np.pi * (first[3] + second[3]) / 2 * np.arange(8000) / 8000)
    loudness = ops.convert_to_numpy(ops.std(layer(tone[None].astype("float32")), axis=1))[0]
    assert loudness.argmax() == 3
    assert loudness[3] == pytest.approx(np.sqrt(0.5), rel=0.05)
    assert np.delete(loudness, 3).max() < 0.05


def test_bands_are_learned(layer):
    sound = np.random.default_rng(0).normal(size=(2, 800)).astype("float32")

    def loudness(low):
        layer.low.assign(low)
        return ops.sum(ops.square(layer(sound)))

    assert len(layer.trainable_weights) == 2
    change = np.zeros(8, "float32")
    change[2] = 0.02
    start = ops.convert_to_numpy(layer.low)
    assert not np.isclose(loudness(start), loudness(start + change), rtol=1e-3)


def test_an_even_width_is_refused():
    with pytest.raises(ValueError, match="odd, but got 100"):
        SincConv(4, width=100)


def test_stride_and_shape(layer):
    strided = SincConv(4, width=51, stride=10)
    assert strided(np.zeros((2, 805), "float32")).shape == (2, 81, 4)
    assert strided.compute_output_shape((2, 805)) == (2, 81, 4)


def test_mel_and_hertz_are_inverse():
    assert mel(1000) == pytest.approx(1000, abs=1)
    assert hertz(mel(440.0)) == pytest.approx(440)


def test_statistics_are_those_of_numpy_in_any_order_of_time():
    x = np.random.default_rng(0).normal(size=(3, 20, 4)).astype("float32")
    pooled = ops.convert_to_numpy(StatisticsPooling(floor=0.0)(x))
    assert np.allclose(pooled, np.hstack([x.mean(axis=1), x.std(axis=1)]), atol=1e-6)
    mixed = x[:, np.random.default_rng(1).permutation(20)]
    assert np.allclose(pooled, StatisticsPooling(floor=0.0)(mixed), atol=1e-6)


def test_silence_has_a_gradient():
    silence = ops.zeros((2, 10, 3))
    slope = input_gradient(lambda x: ops.sum(StatisticsPooling()(x)), silence)
    assert np.all(np.isfinite(ops.convert_to_numpy(slope)))
