import numpy as np
import pytest
from keras import ops

from course_lib.fusion import speech
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


def test_no_edge_is_below_the_lowest_and_no_band_narrower_than_the_narrowest(layer):
    layer.set_weights([-np.linspace(0, 0.2, 8), -np.linspace(0, 0.05, 8)])
    first, second = (ops.convert_to_numpy(edge) for edge in layer.bands())
    assert np.allclose(first, 30 + np.linspace(0, 1600, 8))
    assert np.allclose(second - first, 50 + np.linspace(0, 400, 8), atol=1e-3)


def test_bands_are_at_first_side_by_side_and_even_in_mel():
    layer = SincConv(6, width=51, lowest=40.0, narrowest=10.0)
    layer.build((None, 800))
    first, second = (ops.convert_to_numpy(edge) for edge in layer.bands())
    assert np.allclose(first[1:], second[:-1], rtol=1e-4)
    edges = mel(np.append(first, second[-1]))
    assert np.allclose(np.diff(edges), np.diff(edges)[0], rtol=1e-3)
    assert first[0] == pytest.approx(40)
    assert second[-1] == pytest.approx(4000 - 50)


def test_a_filter_is_its_formula(layer):
    n = np.arange(-400, 401)
    first, second = (ops.convert_to_numpy(edge)[:, None] / 8000 for edge in layer.bands())
    expected = 2 * second * np.sinc(2 * second * n) - 2 * first * np.sinc(2 * first * n)
    assert np.allclose(layer.kernel(), (expected * np.hamming(801)).T, atol=1e-4)


def test_in_half_precision_filters_keep_their_bands():
    layers = [SincConv(8, width=101, dtype=policy) for policy in ("float32", "mixed_float16")]
    tone = np.sin(2 * np.pi * 1000 * np.arange(1600) / 8000)[None].astype("float32")
    full, half = (ops.convert_to_numpy(layer(tone)).astype("float32") for layer in layers)
    assert np.allclose(full, half, atol=5e-3)


def test_statistics_in_half_precision_do_not_overflow():
    x = np.random.default_rng(0).normal(0, 300, (2, 50, 3)).astype("float16")
    pooled = StatisticsPooling(dtype="mixed_float16")(x)
    assert ops.convert_to_numpy(pooled).dtype == "float16"
    assert np.allclose(
        pooled, np.hstack([x.mean(axis=1), x.astype("float32").std(axis=1)]), rtol=0.01, atol=1
    )


def test_a_constant_has_the_floors_deviation():
    pooled = ops.convert_to_numpy(StatisticsPooling(floor=0.25)(np.full((1, 4, 2), 3.0)))
    assert np.allclose(pooled, [[3, 3, 0.5, 0.5]])
    assert StatisticsPooling().compute_output_shape((2, 9, 3)) == (2, 6)


@pytest.mark.parametrize("made", [SincConv(3, 11, 4000, 2, 20.0, 40.0), StatisticsPooling(0.1)])
def test_layers_can_be_stored(made):
    again = type(made).from_config(made.get_config())
    assert again.get_config() == made.get_config()


def test_spectrograms_show_a_tone_in_its_band_at_any_loudness():
    tone = np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    sound = np.stack([tone, 0.01 * tone, np.zeros(4000)]).astype("float32")
    loud, quiet, silence = speech.log_mel(sound, bands=16)
    assert loud.shape == (4000 // 128 + 1, 16)
    centres = hertz(np.linspace(mel(60), mel(4000), 18))[1:-1]
    band = np.argmin(np.abs(centres - 1000))
    assert np.all(np.abs(loud[2:-2].argmax(axis=1) - band) <= 1)  # 1000 Hz lies between two
    assert loud.mean() == pytest.approx(0, abs=1e-4)
    assert np.array_equal(silence, np.zeros_like(silence))
    assert np.allclose(loud[2:-2, band], quiet[2:-2, band], atol=0.3), "Nearness does not matter."


def test_a_spectrogram_does_not_depend_on_the_other_recordings():
    rng = np.random.default_rng(0)
    sound = rng.normal(0, 1, (3, 2000)).astype("float32") * np.float32([[1], [1e-2], [1e-3]])
    together = speech.log_mel(sound, bands=8)
    for alone, row in zip(sound, together):
        assert np.allclose(speech.log_mel(alone[None], bands=8)[0], row, atol=1e-4)


def test_what_is_far_below_the_loudest_counts_as_eighty_decibels_below():
    sound = np.zeros((1, 4000), "float32")
    sound[:, :2000] = np.random.default_rng(0).normal(size=2000)
    spectrogram = speech.log_mel(sound, bands=8)
    assert np.ptp(spectrogram) == pytest.approx(80 / 20, rel=1e-4)


def test_spectrograms_are_in_units_of_twenty_decibels():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (1, 8000)).astype("float32")
    noise[:, 4000:] *= 10  # twenty decibels louder
    spectrogram = speech.log_mel(noise, bands=8)[0]
    step = spectrogram[40:].mean() - spectrogram[:24].mean()
    assert step == pytest.approx(1, abs=0.05)


def test_cepstra_are_cosine_transforms_over_the_bands():
    x = np.random.default_rng(0).normal(size=(2, 5, 8))
    found = speech.mfcc(x, 3)
    assert found.shape == (2, 5, 3)
    k, n = np.arange(3), np.arange(8)
    waves = np.cos(np.pi * np.outer(n + 0.5, k) / 8) * np.sqrt(2 / 8)
    waves[:, 0] /= np.sqrt(2)
    assert np.allclose(found, x @ waves)
