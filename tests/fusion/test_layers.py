import keras
import numpy as np
import pytest
from keras import ops

from course_lib.contrastive import info_nce
from course_lib.fusion.layers import Aligned, CrossAttention, LowRankFusion, ModalityDropout


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


@pytest.mark.parametrize(
    "layer", [ModalityDropout(0.2, seed=3), LowRankFusion(4, rank=2), CrossAttention(5)]
)
def test_layers_can_be_stored(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_each_row_draws_lots_of_its_own(modalities):
    present = kept(ModalityDropout(0.5, seed=0)(modalities, training=True))
    assert len(np.unique(present, axis=0)) == 3


def test_dropped_modalities_go_on_where_they_were_when_loaded(tmp_path):
    inputs = [keras.Input((2,)), keras.Input((3,))]
    model = keras.Model(inputs, ModalityDropout(0.5, seed=1)(inputs))
    x = [np.ones((64, 2), "float32"), np.ones((64, 3), "float32")]
    model(x, training=True)
    model.save_weights(tmp_path / "model.weights.h5")
    expected = kept(model(x, training=True))
    model.load_weights(tmp_path / "model.weights.h5")
    assert np.array_equal(kept(model(x, training=True)), expected)
    assert not np.array_equal(kept(model(x, training=True)), expected)


STEPS = np.array([[1, 1, 1, 0], [1, 0, 0, 0]], "bool")


@pytest.fixture
def sequences():
    rng = np.random.default_rng(0)
    return [rng.normal(0, 2, shape).astype("float32") for shape in ((2, 3, 5), (2, 4, 6))]


@pytest.fixture
def attention(sequences):
    layer = CrossAttention(8)
    layer(*sequences)
    rng = np.random.default_rng(1)
    layer.set_weights([rng.normal(size=w.shape) for w in layer.get_weights()])
    return layer


def test_equal_keys_give_the_mean_of_the_values(attention, sequences):
    attention.keys.kernel.assign(np.zeros((6, 8)))
    query, value = sequences
    mean = ops.convert_to_numpy(attention.values(value)).mean(axis=1, keepdims=True)
    assert np.allclose(attention(query, value), np.repeat(mean, 3, axis=1), atol=1e-5)


def test_one_key_gives_its_value(attention, sequences):
    query, value = sequences
    only = attention.values(value[:, :1])
    assert np.allclose(attention(query, value[:, :1]), np.repeat(only, 3, axis=1), atol=1e-5)
    masked = attention(query[1:], value[1:], value_mask=STEPS[1:])
    assert np.allclose(masked, np.repeat(only, 3, axis=1)[1:], atol=1e-5)


@pytest.mark.parametrize("mask", [None, STEPS])
def test_it_is_keras_attention_with_one_head(attention, sequences, mask):
    query, value = sequences
    theirs = keras.layers.MultiHeadAttention(1, 8, output_shape=8)
    theirs(query, value)
    identity = [np.eye(8).reshape(1, 8, 8), np.zeros(8)]
    one_head = [
        w.reshape(target.shape)
        for w, target in zip(attention.get_weights(), theirs.get_weights()[:6])
    ]
    # Keras keeps its weights in the order query, key, value, output.
    theirs.set_weights([*one_head, *identity])
    expected = theirs(query, value, value_mask=mask)
    assert np.allclose(attention(query, value, value_mask=mask), expected, atol=1e-4)


def test_padding_is_not_attended_to(attention, sequences):
    query, value = sequences
    masked = ops.convert_to_numpy(attention(query, value, value_mask=STEPS))
    assert np.allclose(masked[:1], attention(query[:1], value[:1, :3]), atol=1e-5)
    nothing = attention(query, value, value_mask=np.zeros((2, 4), "bool"))
    assert np.array_equal(nothing, np.zeros((2, 3, 8)))


def test_keras_hands_the_mask_of_the_answering_modality_on(sequences):
    inputs = [keras.Input(x.shape[1:]) for x in sequences]
    layer = CrossAttention(8)
    model = keras.Model(inputs, layer(inputs[0], keras.layers.Masking()(inputs[1])))
    query, value = sequences[0], sequences[1] * STEPS[..., None]
    expected = layer(query, value, value_mask=STEPS)
    assert np.allclose(model([query, value]), expected, atol=1e-5)
    assert not np.allclose(layer(query, value), expected, atol=1e-3)
    assert layer.compute_output_shape((2, 3, 5), (2, 4, 6)) == (2, 3, 8)


def test_in_half_precision_large_scores_stay_finite(sequences):
    query, value = (20 * x for x in sequences)
    layer, mask = CrossAttention(8, dtype="mixed_float16"), STEPS * [[True], [False]]
    found = ops.convert_to_numpy(layer(query, value, value_mask=mask))
    assert found.dtype == "float16"
    assert np.all(np.isfinite(found))
    assert np.all(found[1] == 0)


def aligned_network(weight=0.7, temperature=0.5):
    keras.utils.set_random_seed(0)
    inputs = [keras.Input((3,)), keras.Input((2,))]
    ends = [keras.layers.Dense(4, name=f"end_{i}")(x) for i, x in enumerate(inputs)]
    answer = keras.layers.Dense(1)(keras.layers.Concatenate()(ends))
    return Aligned(keras.Model(inputs, [answer, *ends]), weight, temperature)


@pytest.fixture
def pairs():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(6, n)).astype("float32") for n in (3, 2)], rng.normal(size=(6, 1))


def nce(first, second, temperature):
    """Symmetric InfoNCE in NumPy, of each row: from the first to the second, and back."""
    first, second = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (first, second))
    s = np.exp(first @ second.T / temperature)
    return -np.log(np.diag(s) / s.sum(axis=1)) / 2 - np.log(np.diag(s) / s.sum(axis=0)) / 2


def test_alignment_adds_its_loss_to_that_of_the_answer(pairs):
    x, y = pairs
    model = aligned_network()
    model.compile(keras.optimizers.SGD(0.0), "mse", run_eagerly=True)
    answer, *ends = (ops.convert_to_numpy(value) for value in model.network(x))
    expected = np.mean((answer - y) ** 2) + 0.7 * nce(*ends, 0.5).mean()
    assert model.train_on_batch(x, y) == pytest.approx(expected, rel=1e-5)
    assert np.array_equal(model(x), answer)


def test_swapping_the_modalities_changes_nothing(pairs):
    (first, second), _ = pairs
    ends = [first[:, :2], second]
    assert float(info_nce(*ends)) == pytest.approx(float(info_nce(*ends[::-1])), rel=1e-6)
    assert float(info_nce(*ends)) == pytest.approx(nce(*ends, 0.1).mean(), rel=1e-5)


def test_alignment_bounds_the_information_by_the_logarithm_of_the_rows():
    x = np.eye(8, dtype="float32")
    assert float(info_nce(x, x, 0.01)) == pytest.approx(0, abs=1e-6)  # all of log 8
    same = np.ones((8, 3), "float32")
    assert float(info_nce(same, same)) == pytest.approx(np.log(8), rel=1e-6)  # nothing of it


def test_alignment_refuses_weights_and_networks_without_embeddings(pairs):
    x, y = pairs
    model = aligned_network()
    model.compile("sgd", "mse", run_eagerly=True)
    with pytest.raises(ValueError, match="takes no weights of rows"):
        model.train_on_batch(x, y, sample_weight=np.ones(6))
    with pytest.raises(ValueError, match="this one has 1 outputs"):
        Aligned(keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]))
