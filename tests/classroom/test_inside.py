"""What a student replaces in the libraries is put back, and told."""

import subprocess
import sys

import pytest

# In a process of its own, as in a kernel: libraries are replaced there.
PROGRAM = """
import builtins, keras, numpy, tensorflow
from course_lib.classroom.inside import Libraries

libraries = Libraries()
keras.Model.__annotations__  # which Python makes when it is asked for
assert libraries.restore() == []
before = {thing}
{replace}
found = libraries.restore()
assert {thing} is before
assert found == {told!r}, found
assert libraries.restore() == []
"""
WEIGHTS = "replaces keras.src.models.model.Model.get_weights"
SLOPE = "replaces tensorflow.python.eager.backprop.GradientTape.gradient"


@pytest.mark.parametrize(
    ("thing", "replace", "told"),
    [
        ("numpy.isclose", "numpy.isclose = print", ["replaces numpy.isclose"]),
        ("keras.Model.get_weights", "keras.Model.get_weights = print", [WEIGHTS]),
        (
            "keras.Model.get_weights",
            "keras.Model.get_weights = builtins.any = lambda _: False",
            ["replaces builtins.any", WEIGHTS],
        ),
        (
            "tensorflow.GradientTape",
            "tensorflow.GradientTape = int",
            ["replaces tensorflow.GradientTape"],
        ),
        (
            "tensorflow.GradientTape.gradient",
            "tensorflow.GradientTape.gradient = lambda *_: None",
            [SLOPE],
        ),
    ],
    ids=["a function", "an inherited method", "and what would notice", "a class", "a method"],
)
def test_what_was_replaced_is_put_back(thing, replace, told):
    program = PROGRAM.format(thing=thing, replace=replace, told=told)
    subprocess.run([sys.executable, "-c", program], check=True)
