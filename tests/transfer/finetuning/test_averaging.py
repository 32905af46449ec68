"""The mean of two models is either at its ends, and has statistics of its own in between."""

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.transfer import freezing
from course_lib.transfer.finetuning import averaging

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def fine_tuned(model, batch, train_batch_norm):
    end = keras.models.clone_model(model)
    end.set_weights(model.get_weights())
    freezing.freeze(end, train_batch_norm=train_batch_norm)
    end.compile(keras.optimizers.SGD(0.3), LOSS, run_eagerly=True)
    for _ in range(3):
        end.train_on_batch(*batch)
    return end


@pytest.fixture
def frozen_norm(pictures, batch):
    return fine_tuned(pictures, batch, train_batch_norm=False)


@pytest.fixture
def moved_norm(pictures, batch):
    return fine_tuned(pictures, batch, train_batch_norm=True)


@pytest.mark.parametrize("end", ["frozen_norm", "moved_norm"])
def test_the_ends_are_the_two_models_to_the_bit(pictures, batch, end, request):
    end = request.getfixturevalue(end)
    for a, model in ((0, pictures), (1, end)):
        found = averaging.interpolate(pictures, end, a, batch[0])
        assert np.array_equal(found(batch[0]).numpy(), model(batch[0]).numpy())
        assert found is not model


def test_in_between_each_weight_is_the_mean(pictures, frozen_norm):
    found = averaging.interpolate(pictures, frozen_norm, 0.25)
    weights = [m.get_weights() for m in (pictures, frozen_norm, found)]
    for start, end, middle in zip(*weights, strict=True):
        assert np.allclose(middle, 0.75 * start + 0.25 * end, atol=1e-6)
    assert not np.allclose(weights[0][0], weights[1][0], atol=1e-3)


def test_both_models_are_left_as_they_are(pictures, frozen_norm, batch):
    before = [m.get_weights() for m in (pictures, frozen_norm)]
    found = averaging.interpolate(pictures, frozen_norm, 0.5)
    found.set_weights([w + 1 for w in found.get_weights()])
    for old, model in zip(before, (pictures, frozen_norm)):
        assert all(np.array_equal(a, b) for a, b in zip(old, model.get_weights(), strict=True))


def test_a_linear_model_answers_with_the_mean_of_the_answers(batch):
    x = batch[0]
    ends = []
    for seed in (0, 1):
        keras.utils.set_random_seed(seed)
        entry = keras.Input((5, 5, 2))
        ends.append(keras.Model(entry, layers.Dense(2)(layers.Flatten()(entry))))
    first, last, middle = (m(x).numpy() for m in (*ends, averaging.interpolate(*ends, 0.3)))
    assert np.allclose(middle, 0.7 * first + 0.3 * last, atol=1e-5)


def test_frozen_statistics_stay_as_they_are(pictures, frozen_norm, batch):
    found = averaging.interpolate(pictures, frozen_norm, 0.3, batch[0])
    statistics = [m.get_layer("norm").get_weights()[2:] for m in (pictures, found)]
    assert all(np.array_equal(a, b) for a, b in zip(*statistics))


def test_moved_statistics_are_those_of_what_reaches_the_averaged_network(
    pictures, moved_norm, batch
):
    """Mean and variance of the first convolution's output, whose weights are averaged."""
    x = batch[0]
    found = averaging.interpolate(pictures, moved_norm, 0.5, x)
    kernel, bias = (
        (a + b) / 2
        for a, b in zip(*(m.get_layer("first").get_weights() for m in (pictures, moved_norm)))
    )
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    reached = np.tanh(np.einsum("nhwcij,ijco->nhwo", windows, kernel) + bias)
    *_, mean, variance = found.get_layer("norm").get_weights()
    assert np.allclose(mean, reached.mean(axis=(0, 1, 2)), atol=1e-5)
    assert np.allclose(variance, reached.var(axis=(0, 1, 2)), atol=1e-5)
    averaged = [m.get_layer("norm").get_weights()[3] for m in (pictures, moved_norm)]
    assert not np.allclose(variance, np.mean(averaged, axis=0), rtol=0.05)


def test_later_statistics_are_of_what_passes_the_earlier_ones(residual, rows):
    """After recomputing, each batch normalisation is β and γ² in mean and variance."""
    averaging.recompute_statistics(residual, rows[0])
    for name in ("block1_norm", "block2_norm"):
        layer = residual.get_layer(name)
        out = keras.Model(residual.input, layer.output)(rows[0]).numpy()
        varies = layer.get_weights()[3] > 1e-2  # else epsilon counts
        assert varies.sum() > 3
        assert np.allclose(out.mean(axis=0), 0, atol=1e-4)
        assert np.allclose(out.var(axis=0)[varies], 1, atol=0.1)


@pytest.mark.parametrize("which", [2, 3])
def test_moved_statistics_without_inputs_are_refused(pictures, which):
    end = keras.models.clone_model(pictures)
    end.set_weights(pictures.get_weights())
    statistic = end.get_layer("norm").weights[which]
    statistic.assign(statistic + 0.1)
    with pytest.raises(ValueError, match=r"statistics of \['norm'\].*give training inputs `x`"):
        averaging.interpolate(pictures, end, 0.5)


def test_batch_normalisation_inside_another_model_is_seen(pictures, batch):
    def build():
        entry = keras.Input((5, 5, 2))
        inner = keras.models.clone_model(pictures)
        inner.set_weights(pictures.get_weights())
        return keras.Model(entry, layers.Dense(2, kernel_initializer="ones")(inner(entry)))

    start, end = build(), build()
    averaging.interpolate(start, end, 0.5)
    statistic = end.layers[1].get_layer("norm").moving_mean
    statistic.assign(statistic + 0.1)
    with pytest.raises(ValueError, match="'norm' is part of a model inside"):
        averaging.interpolate(start, end, 0.5, batch[0])


def test_heads_for_other_classes_are_refused(pictures):
    h = pictures.get_layer("pooled").output
    other = keras.Model(pictures.input, layers.Dense(4, name="scores")(h))
    with pytest.raises(ValueError, match=r"Heads for other classes cannot be averaged"):
        averaging.interpolate(pictures, other, 0.5)
    longer = keras.Model(pictures.input, layers.Dense(3)(layers.Dense(3, name="scores")(h)))
    with pytest.raises(ValueError, match=r"have 9 and 11"):
        averaging.interpolate(pictures, longer, 0.5)


@pytest.mark.parametrize("a", [-0.1, 1.1, float("nan")])
def test_a_share_is_from_0_to_1(pictures, a):
    with pytest.raises(ValueError, match="from 0 to 1, but got"):
        averaging.interpolate(pictures, pictures, a)
