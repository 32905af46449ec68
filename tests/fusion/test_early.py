import numpy as np
import pytest
from keras import layers
from sklearn.decomposition import PCA

from course_lib.fusion.early import Reduction, dense_parameters


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
