import keras
import numpy as np
import pytest
from keras import layers, ops
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from course_lib.fusion.early import Reduction, StackedAutoencoder, dense_parameters


@pytest.fixture
def modalities():
    rng = np.random.default_rng(0)
    wide = 1000 * rng.normal(size=(60, 5, 4)) @ np.diag([3.0, 2.0, 1.0, 0.5])
    return [wide, rng.normal(size=(60, 3))]


def test_parameters_are_those_of_a_dense_layer():
    layer = layers.Dense(7)
    layer.build((None, 784 + 2016))
    assert layer.count_params() == dense_parameters([784, 2016], 7)


def test_one_modality_is_reduced_to_its_principal_components(modalities):
    reduced = Reduction(4).fit(modalities[:1]).transform(modalities[:1])
    expected = PCA(4, whiten=True).fit_transform(modalities[0].reshape(60, -1))
    assert np.allclose(np.abs(reduced), np.abs(expected), atol=1e-3)


def test_no_modality_is_louder_than_another(modalities):
    reduced = Reduction(3).fit(modalities).transform(modalities)
    assert reduced.shape == (60, 6)
    assert np.allclose(reduced.std(axis=0, ddof=1), 1, atol=1e-3)


def test_a_constant_modality_changes_nothing(modalities):
    constant = np.ones((60, 2))
    alone = Reduction(3).fit(modalities).transform(modalities)
    beside = Reduction(3).fit([*modalities, constant]).transform([*modalities, constant])
    assert np.allclose(alone, beside[:, :6], atol=1e-4)
    assert np.allclose(beside[:, 6:], 0)


def test_rows_to_test_with_have_no_say(modalities):
    reduction = Reduction(3).fit(modalities)
    whole = reduction.transform(modalities)
    assert np.allclose(whole[:1], reduction.transform([x[:1] for x in modalities]), atol=1e-5)


def test_a_modality_too_few_is_named(modalities):
    with pytest.raises(ValueError, match="Fitted to 2 modalities, but got 1"):
        Reduction(3).fit(modalities).transform(modalities[:1])


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(256, 6)) @ np.diag([3, 2, 0.3, 0.2, 0.1, 0.1]) @ rng.normal(size=(6, 6))
    return (x - x.mean(axis=0)).astype("float32")


def test_a_linear_one_spans_the_principal_components(data):
    learned = StackedAutoencoder([2], "linear", learning_rate=0.02, epochs=60).fit(data)
    kernel = learned.encoder.layers[-1].get_weights()[0]
    # What the codes can tell of the data: their regression on the codes.
    codes = data @ kernel
    decoder = np.linalg.lstsq(codes, data, rcond=None)[0]
    angles = subspace_angles(decoder.T, PCA(2).fit(data).components_.T)
    assert np.rad2deg(angles.max()) < 3


def test_earlier_stages_stay_as_they_are(data):
    kernels = []

    class Watched(StackedAutoencoder):
        def encode(self, x):
            kernels.append([w.copy() for w in self.encoder.get_weights()])
            return super().encode(x)

    Watched([4, 2], epochs=2).fit(data)
    first, second = kernels
    assert len(first) == 2
    assert len(second) == 4
    assert all(np.array_equal(a, b) for a, b in zip(first, second))


def test_each_stage_learns(data):
    learned = StackedAutoencoder([5, 3], learning_rate=0.01, epochs=8).fit(data)
    assert all(losses[-1] < losses[0] for losses in learned.losses)
    assert learned.encode(data).shape == (256, 3)


def test_each_stage_reconstructs_what_the_stage_before_it_made(data, monkeypatch):
    given = []
    fit = keras.Model.fit
    monkeypatch.setattr(keras.Model, "fit", lambda s, *a, **k: given.append(a) or fit(s, *a, **k))
    learned = StackedAutoencoder([4, 2], epochs=1, batch_size=256).fit(data)
    first = ops.convert_to_numpy(learned.encoder.layers[1](data))
    assert len(given) == 2
    for pair, expected in zip(given, (data, first)):
        assert np.allclose(pair[0], expected, atol=1e-5)
        assert np.array_equal(*pair)


def test_codes_have_the_activation_and_reconstructions_none(data):
    learned = StackedAutoencoder([4], "relu", epochs=1).fit(data)
    assert learned.encode(data).min() == 0
    assert np.isfinite(learned.losses[0][0])


def test_a_reduction_has_as_many_components_as_it_can(modalities):
    wide, narrow = modalities
    assert Reduction(32).fit([wide, narrow]).transform([wide, narrow]).shape == (60, 20 + 3)
    assert Reduction(32).fit([wide[:10]]).transform([wide]).shape == (60, 10)
    assert Reduction(2).fit([wide]).transform([wide]).dtype == "float32"
