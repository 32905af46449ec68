import keras
import numpy as np
import pytest
from keras import ops

from course_lib.fusion import speakers

SAMPLES = 2048


@pytest.fixture
def tones():
    """Two voices, each a tone of its own under noise, forty recordings of root mean square 1."""
    rng = np.random.default_rng(0)
    speaker = np.arange(40) % 2
    pitch = np.where(speaker == 0, 300, 900)[:, None] * rng.uniform(0.9, 1.1, (40, 1))
    wave = np.sin(2 * np.pi * pitch * np.arange(SAMPLES) / 8000 + rng.uniform(0, 6, (40, 1)))
    wave = wave + 0.5 * rng.normal(size=wave.shape)
    return (wave / wave.std(axis=1, keepdims=True)).astype("float32"), speaker


def test_the_filter_bank_shows_a_tone_in_its_band_at_all_times():
    wave = keras.Input((SAMPLES,))
    model = keras.Model(wave, speakers.filter_bank(wave))
    edges = [ops.convert_to_numpy(edge) for edge in model.get_layer("sinc").bands()]
    pitch = (edges[0][24] + edges[1][24]) / 2
    tone = np.sqrt(2) * np.sin(2 * np.pi * pitch * np.arange(SAMPLES) / 8000)
    frames = ops.convert_to_numpy(model(tone[None].astype("float32")))[0]
    # To a filter that reaches beyond the ends of a recording, these are no tone.
    assert np.all(frames[2:-2].argmax(axis=1) == 24)


def test_an_embedding_of_statistics_ignores_the_order_of_frames_beyond_its_layers_reach():
    frames = keras.Input((60, 4))
    model = keras.Model(frames, speakers.xvector(frames, units=8))
    rng = np.random.default_rng(0)
    block = rng.normal(size=(20, 4))
    x = np.zeros((2, 60, 4), "float32")
    x[0, 15:35], x[1, 22:42] = block, block
    first, second = ops.convert_to_numpy(model(x))
    assert np.allclose(first, second, atol=1e-4), "When it was said does not matter."
    x[1, 22:42] = block[::-1]
    assert not np.allclose(first, ops.convert_to_numpy(model(x))[1], atol=1e-3)


@pytest.mark.parametrize("fused", ["side by side", "in a row"])
def test_fused_they_tell_two_voices_apart_and_every_weight_learns(tones, fused):
    wave, speaker = tones
    keras.utils.set_random_seed(0)
    x = keras.Input((SAMPLES,))
    bank = speakers.filter_bank(x)
    if fused == "in a row":
        embedding = speakers.xvector(bank)
    else:
        frames = keras.Input((30, 4))
        embedding = keras.layers.Concatenate()([speakers.sincnet(x), speakers.xvector(frames)])
    inputs = x if fused == "in a row" else [x, frames]
    model = speakers.recognizer(inputs, embedding, 2)
    given = (
        wave if fused == "in a row" else [wave, np.random.default_rng(0).normal(size=(40, 30, 4))]
    )
    before = [ops.convert_to_numpy(w) for w in model.trainable_weights]
    model.compile(
        keras.optimizers.Adam(0.005),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=5,
        jit_compile=False,
    )
    model.fit(given, speaker, batch_size=8, epochs=8, verbose=0)
    assert all(
        not np.array_equal(old, ops.convert_to_numpy(new))
        for old, new in zip(before, model.trainable_weights)
    )
    answers = ops.convert_to_numpy(model(given)).argmax(axis=1)
    assert np.mean(answers == speaker) > 0.95


def test_averages_of_the_normalisation_keep_up_with_training():
    assert speakers.normalization().momentum <= 0.9


def test_the_sincnet_embedding_learns_and_has_its_size():
    wave = keras.Input((SAMPLES,))
    model = keras.Model(wave, speakers.sincnet(wave, units=7))
    assert model.output.shape == (None, 7)
    assert model.get_layer("wave_2").strides == (2,)
    assert {"sinc/low", "sinc/band"} <= {w.path for w in model.trainable_weights}


def test_an_x_vector_holds_means_and_deviations():
    frames = keras.Input((30, 4))
    model = keras.Model(frames, speakers.xvector(frames, units=8))
    before, after = (model.get_layer("statistics").input, model.get_layer("statistics").output)
    x = np.random.default_rng(0).normal(size=(3, 30, 4)).astype("float32")
    values, pooled = (ops.convert_to_numpy(v) for v in keras.Model(frames, [before, after])(x))
    assert np.allclose(pooled[:, :32], values.mean(axis=1), atol=1e-5)
    assert np.allclose(pooled[:, 32:], np.sqrt(values.var(axis=1) + 1e-5), atol=1e-4)
    assert model.get_layer("xvector_embedding").kernel.shape == (64, 8)
    assert [model.get_layer(f"frame_{n}").dilation_rate for n in (1, 2, 3)] == [(1,), (2,), (3,)]


def test_a_filter_bank_is_the_logarithm_of_loudness():
    wave = keras.Input((SAMPLES,))
    model = keras.Model(wave, speakers.filter_bank(wave, filters=5, stride=8, pool=4))
    assert model.output.shape == (None, SAMPLES // 32, 5)
    x = np.random.default_rng(0).normal(size=(1, SAMPLES)).astype("float32")
    filtered = np.abs(ops.convert_to_numpy(model.get_layer("sinc")(x)))
    pooled = filtered.reshape(1, -1, 4, 5).mean(axis=2)
    norm = np.sqrt(1 + 1e-3)  # batch normalisation, untrained
    assert np.allclose(model(x), np.log(pooled + 1e-3) / norm, atol=1e-4)
