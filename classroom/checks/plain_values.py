"""Plain values as JSON: all that passes between a grader and a student's process.

Whatever comes back is read as data: no pickle, no object arrays. A form says what is accepted, and
a value of another form is refused by what it declares, before anything is allocated for it:

- `Array((None, 3))` is an array, `None` standing for any size;
- `float`, `int`, `bool`, `str` and `None` are such values, alone or as an array of no axes;
- a list of forms is a list of as many values, `[form, ...]` one of any number;
- a dictionary of forms has the same keys, `{str: form}` any.
"""

import base64
import json
import math
from dataclasses import dataclass

import numpy as np

# Characters of a value; numbers of an array, and along an axis; items of a list of any number.
LONGEST_VALUE = 10_000_000
MOST_NUMBERS = 1_000_000
MOST_ITEMS = 10_000
MOST_AXES = 8
LONGEST_DTYPE = 8
KINDS = "biufcSU"
# What JSON calls a number may stand for a float; a truth value stands for no number.
SCALARS = {bool: "b", int: "iu", float: "iuf", str: "U"}


@dataclass(frozen=True)
class Array:
    """The form of an array.

    Attributes:
        shape: Tuple of sizes; None for any size.
        kinds: Letters of NumPy's kinds of dtypes that are accepted.
    """

    shape: tuple[int | None, ...]
    kinds: str = "f"


def encode(value):
    """Writes a plain value as JSON.

    Args:
        value: An array of numbers, bools or strings, a number, a string, None, or a list, tuple or
            dictionary with string keys of such values.

    Returns:
        The JSON text.

    Raises:
        TypeError: for anything else, such as a tensor, an object array or a model.
    """
    return json.dumps(_pack(value))


def decode(text, form=...):
    """Reads a plain value.

    Args:
        text: What `encode` wrote, or what somebody claims that it wrote.
        form: The form that it should have; `...` for any.

    Returns:
        The value with new arrays; tuples have become lists.

    Raises:
        ValueError: if the text is longer than `LONGEST_VALUE` characters, no plain value, or one of
            another form.
    """
    if len(text) > LONGEST_VALUE:
        raise ValueError(f"{len(text):,} characters, allowed are {LONGEST_VALUE:,}.")
    try:
        return _unpack(json.loads(text), form)
    except Exception as error:
        raise ValueError(f"This is no plain value: {error}") from error


def plain(value):
    """Copies a plain value, as `decode(encode(value))` does.

    Args:
        value: The value, as for `encode`.

    Returns:
        The copy.

    Raises:
        TypeError: if it is no plain value.
        ValueError: if it is too large.
    """
    return decode(encode(value))


def _pack(value):
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in KINDS:
        array = np.asarray(value, dtype=value.dtype.newbyteorder("<"))
        content = base64.b64encode(array.tobytes()).decode("ascii")
        return {"dtype": array.dtype.str, "shape": list(array.shape), "array": content}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) is complex:
        return _pack(np.complex128(value))
    if type(value) in (list, tuple):
        return [_pack(item) for item in value]
    if type(value) is dict and all(type(key) is str for key in value):
        return {"dictionary": {key: _pack(item) for key, item in value.items()}}
    raise TypeError(
        "Only arrays, numbers and strings pass between the parts of a check, "
        f"not {type(value).__name__}."
    )


def _unpack(value, form):
    if isinstance(value, list):
        return [_unpack(*pair) for pair in zip(value, _forms_of_list(form, len(value)))]
    if isinstance(value, dict) and "dictionary" in value:
        items = value["dictionary"]
        return {key: _unpack(items[key], item) for key, item in _forms_of_keys(form, items)}
    if isinstance(value, dict):
        return _unpack_array(value, form)
    if not _is_scalar(value, form):
        raise ValueError(f"expected {form}, not {type(value).__name__}")
    return value


def _is_scalar(value, form):
    if form is ... or form is None:
        return form is ... or value is None
    return type(value) in ((int, float) if form is float else (form,))


def _forms_of_list(form, count):
    if form is ...:
        return [...] * count
    if not isinstance(form, list):
        raise ValueError(f"expected {form}, not a list")
    if form[1:] == [...]:
        form = form[:1] * min(count, MOST_ITEMS)
    if len(form) != count:
        raise ValueError(f"expected a list of {len(form)}, not of {count}")
    return form


def _forms_of_keys(form, items):
    if not isinstance(items, dict):
        raise ValueError("a dictionary without keys")
    if form is ...:
        return dict.fromkeys(items, ...).items()
    if not isinstance(form, dict):
        raise ValueError(f"expected {form}, not a dictionary")
    if str in form:
        form = dict.fromkeys(list(items)[:MOST_ITEMS], form[str])
    if set(form) != set(items):
        raise ValueError(f"expected the keys {sorted(form)}, not {sorted(items)[:20]}")
    return form.items()


def _unpack_array(value, form):
    if not isinstance(value["dtype"], str) or len(value["dtype"]) > LONGEST_DTYPE:
        raise ValueError("an array of an unknown dtype")
    dtype, shape = np.dtype(value["dtype"]), value["shape"]
    if dtype.kind not in KINDS or dtype.str != value["dtype"]:
        raise ValueError(f"an array of {dtype}")
    if len(shape) > MOST_AXES or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"an array of shape {str(shape)[:100]}")
    if max([math.prod(shape), *shape]) > MOST_NUMBERS:
        raise ValueError(f"an array of shape {shape}, allowed are {MOST_NUMBERS:,} numbers")
    if form is not ...:
        wanted = Array((), SCALARS[form]) if form in SCALARS else form
        if not isinstance(wanted, Array):
            raise ValueError(f"expected {form}, not an array")
        fits = len(shape) == len(wanted.shape) and all(
            most in (None, size) for size, most in zip(shape, wanted.shape)
        )
        if not fits or dtype.kind not in wanted.kinds:
            raise ValueError(f"expected {wanted}, not {dtype} of shape {shape}")
    content = base64.b64decode(value["array"], validate=True)
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes for an array of shape {shape}")
    return np.frombuffer(content, dtype).reshape(shape).copy()[()]
