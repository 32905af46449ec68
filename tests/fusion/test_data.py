import numpy as np
import pytest

from course_lib import datasets
from course_lib.fusion import data, speech


@pytest.fixture(scope="module")
def examples():
    drawn = datasets.load("audiovisual_digits", missing=0.3)
    return drawn.test


def test_modalities_are_scaled_and_in_order_of_rows(examples):
    x = data.inputs(examples, bands=8)
    assert list(x) == ["picture", "sound", "ink", "static"]
    assert all(len(values) == len(examples) for values in x.values())
    assert all(values.dtype == "float32" for values in x.values())
    assert np.allclose(255 * x["picture"][..., 0], examples.picture, atol=1e-3)
    assert np.allclose(x["ink"], 10 * examples.ink)
    assert np.array_equal(x["static"], examples.static)
    assert x["sound"].shape == (len(examples), 63, 8)
    assert np.allclose(x["sound"][:3], speech.log_mel(examples.sound[:3], bands=8), atol=1e-4)


def test_what_is_missing_stays_zero(examples):
    x = data.inputs(examples, bands=8)
    for number, name in enumerate(("picture", "sound")):
        missing = ~examples.present[:, number]
        assert missing.any()
        assert np.all(x[name][missing] == 0)
        assert np.all(np.any(x[name][~missing] != 0, axis=tuple(range(1, x[name].ndim))))


def test_rows_are_chosen_by_number_or_by_mask():
    x = {"a": np.arange(4), "b": 10 * np.arange(8).reshape(4, 2)}
    for chosen in ([2, 0], np.array([True, False, True, False])):
        found = data.rows(x, chosen)
        assert found.keys() == x.keys()
        assert all(np.array_equal(found[name], x[name][chosen]) for name in x)
