import numpy as np
import pytest
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from course_lib.fusion.autoencoders import StackedAutoencoder


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
