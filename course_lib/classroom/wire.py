"""Plain values as JSON: all that passes between a grader and a student's process.

Whatever comes back is read as data: no pickle, no object arrays, bounded in size.
"""

import base64
import json
import math

import numpy as np

LARGEST = 50_000_000
KINDS = "biufcSU"


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


def decode(text):
    """Reads a plain value.

    Args:
        text: What `encode` wrote, or what somebody claims that it wrote.

    Returns:
        The value with new arrays; tuples have become lists.

    Raises:
        ValueError: if the text is longer than `LARGEST` characters or no plain value.
    """
    if len(text) > LARGEST:
        raise ValueError(f"{len(text):,} characters, allowed are {LARGEST:,}.")
    try:
        return _unpack(json.loads(text))
    except Exception as error:
        raise ValueError(f"This is no plain value: {error}") from error


def plain(value):
    """Copies a plain value, as `decode(encode(value))` does."""
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


def _unpack(value):
    if isinstance(value, list):
        return [_unpack(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "dictionary" in value:
        return {key: _unpack(item) for key, item in value["dictionary"].items()}
    dtype, shape = np.dtype(value["dtype"]), value["shape"]
    if dtype.kind not in KINDS or dtype.str != value["dtype"]:
        raise ValueError(f"an array of {dtype}")
    content = base64.b64decode(value["array"], validate=True)
    if not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError(f"an array of shape {shape}")
    if math.prod(shape) * dtype.itemsize != len(content):
        raise ValueError(f"{len(content)} bytes for an array of shape {shape}")
    return np.frombuffer(content, dtype).reshape(shape).copy()[()]
