import json

import numpy as np
import pytest

from course_lib.classroom import wire


class Liar(float):
    def __eq__(self, other):
        return True


@pytest.mark.parametrize(
    "value",
    [1, 2.5, "a", None, True, 2j, float("inf"), [1, [2, 3]], {"a": {"b": []}, "array": 1}, {}],
)
def test_plain_values_come_back(value):
    assert wire.plain(value) == value


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.zeros((0, 3), "float32"),
        np.array([np.nan, -np.inf]),
        np.array(["ä", "bc"]),
        np.array([True, False]),
        np.arange(4, dtype=">i4"),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.float32(1.5),
    ],
)
def test_arrays_come_back_with_type_and_shape(array):
    back = wire.plain({"x": [array]})["x"][0]
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")
    assert (back.shape, back.dtype) == (array.shape, array.dtype.newbyteorder("="))


def test_arrays_are_copied():
    array = np.arange(3)
    wire.plain(array)[:] = 0
    assert array.tolist() == [0, 1, 2]


def test_tuples_become_lists():
    assert wire.plain((1, (2,))) == [1, [2]]


@pytest.mark.parametrize(
    "value", [object(), np.array([object()]), {1: 2}, {2, 3}, lambda: 0, Liar(1), b"bytes"]
)
def test_anything_else_is_refused(value):
    with pytest.raises(TypeError, match="Only arrays, numbers and strings"):
        wire.encode(value)


@pytest.mark.parametrize(
    "forged",
    [
        "no JSON",
        "[" * 100_000,
        "9" * 10_000,
        {"dtype": "|O", "shape": [1], "array": "AAAAAAAAAAA="},
        {"dtype": "<f4", "shape": [2], "array": "AAAAAA=="},
        {"dtype": "<f4", "shape": [-1], "array": "AAAAAA=="},
        {"dtype": "<f4", "shape": [10**30], "array": "AAAAAA=="},
        {"dtype": "<f4", "shape": [1.0], "array": "AAAAAA=="},
        {"dtype": [["a", "<f4"]], "shape": [1], "array": "AAAAAA=="},
        {"dtype": "<f4", "shape": 1, "array": "AAAAAA=="},
        {"dtype": "<f4", "shape": [1], "array": "no base64"},
        {"dictionary": []},
        {"shape": [1]},
    ],
)
def test_forged_text_is_refused(forged):
    text = forged if isinstance(forged, str) else json.dumps(forged)
    with pytest.raises(ValueError, match="no plain value"):
        wire.decode(text)


def test_size_is_bounded(monkeypatch):
    monkeypatch.setattr(wire, "LARGEST", 100)
    with pytest.raises(ValueError, match="allowed are 100"):
        wire.decode(wire.encode(np.zeros(100)))
