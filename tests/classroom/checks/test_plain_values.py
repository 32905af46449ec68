import json
import tracemalloc

import numpy as np
import pytest

from classroom.checks import plain_values
from classroom.checks.plain_values import Array


class Liar(float):
    def __eq__(self, other):
        return True


@pytest.mark.parametrize(
    "value",
    [1, 2.5, "a", None, True, 2j, float("inf"), [1, [2, 3]], {"a": {"b": []}, "array": 1}, {}],
)
def test_plain_values_come_back(value):
    assert plain_values.plain(value) == value


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
    back = plain_values.plain({"x": [array]})["x"][0]
    assert np.array_equal(back, array, equal_nan=array.dtype.kind == "f")
    assert (back.shape, back.dtype) == (array.shape, array.dtype.newbyteorder("="))


def test_arrays_are_copied():
    array = np.arange(3)
    plain_values.plain(array)[:] = 0
    assert array.tolist() == [0, 1, 2]


def test_tuples_become_lists():
    assert plain_values.plain((1, (2,))) == [1, [2]]


@pytest.mark.parametrize(
    "value", [object(), np.array([object()]), {1: 2}, {2, 3}, lambda: 0, Liar(1), b"bytes"]
)
def test_anything_else_is_refused(value):
    with pytest.raises(TypeError, match="Only arrays, numbers and strings"):
        plain_values.encode(value)


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
        plain_values.decode(text)


def test_size_is_bounded(monkeypatch):
    monkeypatch.setattr(plain_values, "LONGEST_VALUE", 100)
    with pytest.raises(ValueError, match="allowed are 100"):
        plain_values.decode(plain_values.encode(np.zeros(100)))


RIGHT = {
    "array": (np.zeros((2, 3)), Array((2, 3))),
    "array of any size": (np.zeros((2, 3), "float32"), Array((None, 3))),
    "whole numbers": (np.zeros(2, "uint8"), Array((2,), "iu")),
    "number": (1, float),
    "number of NumPy's": (np.float32(1), float),
    "truth value": (np.bool_(True), bool),
    "nothing": (None, None),
    "list": ([1, "a"], [int, str]),
    "list of any length": ([1, 2, 3], [int, ...]),
    "dictionary": ({"a": 1.5, "b": [np.zeros(1)]}, {"a": float, "b": [Array((1,))]}),
    "dictionary of any keys": ({"x": 1.0}, {str: float}),
    "anything": ([1, {"a": np.zeros(2)}], ...),
}


@pytest.mark.parametrize("name", RIGHT)
def test_values_of_the_right_form_come_back(name):
    value, form = RIGHT[name]
    assert plain_values.encode(
        plain_values.decode(plain_values.encode(value), form)
    ) == plain_values.encode(value)


WRONG = {
    "transposed": (np.zeros((3, 2)), Array((2, 3))),
    "broadcastable": (np.zeros((1, 3)), Array((2, 3))),
    "too few axes": (np.zeros(3), Array((None, 3))),
    "empty": (np.zeros((0, 3)), Array((2, 3))),
    "empty list for an array": ([], Array((2, 3))),
    "list for an array": ([0.0, 0.0], Array((2,))),
    "other dtype": (np.zeros(2, int), Array((2,))),
    "text for numbers": (np.array(["a", "b"]), Array((2,))),
    "truth value for a number": (True, int),
    "number for a truth value": (1, bool),
    "fraction for a whole number": (1.0, int),
    "array for a number": (np.zeros(1), float),
    "number for an array": (1.0, Array((1,))),
    "nothing": (None, float),
    "something": (0, None),
    "longer list": ([1, 2], [int]),
    "empty list": ([], [int]),
    "other item": ([1, "a"], [int, ...]),
    "key missing": ({"a": 1}, {"a": int, "b": int}),
    "key too much": ({"a": 1, "b": 2}, {"a": int}),
    "list for a dictionary": ([1], {"a": int}),
    "dictionary for a list": ({"a": 1}, [int]),
}


@pytest.mark.parametrize("name", WRONG)
def test_values_of_another_form_are_refused(name):
    value, form = WRONG[name]
    with pytest.raises(ValueError, match="expected"):
        plain_values.decode(plain_values.encode(value), form)


@pytest.mark.parametrize(
    "shape", [[2**27, 0], [20_000, 1, 1, 1, 1, 1, 1, 1, 1], [10**6 + 1], [0, 10**9], [2**40, 2**40]]
)
def test_large_arrays_are_refused_by_what_they_declare(shape):
    forged = json.dumps({"dtype": "<f8", "shape": shape, "array": ""})
    tracemalloc.start()
    with pytest.raises(ValueError, match="an array of shape"):
        plain_values.decode(forged)
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()
