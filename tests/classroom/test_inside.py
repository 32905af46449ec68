"""What a student replaces in the libraries is put back, and told."""

import subprocess
import sys

# In a process of its own, as in a kernel: libraries are replaced there.
START = """
import builtins, keras, numpy, tensorflow
from course_lib.classroom.inside import Libraries

libraries = Libraries()
keras.Model.__annotations__  # which Python makes when it is asked for
assert libraries.restore() == []
"""
CASE = """
before = {thing}
{replace}
found = libraries.restore()
assert {thing} is before, {replace!r}
assert found == {told!r}, found
assert libraries.restore() == [], {replace!r}
"""
WEIGHTS = "replaces keras.src.models.model.Model.get_weights"
SLOPE = "replaces tensorflow.python.eager.backprop.GradientTape.gradient"
CASES = [
    ("numpy.isclose", "numpy.isclose = print", ["replaces numpy.isclose"]),
    # an inherited method
    ("keras.Model.get_weights", "keras.Model.get_weights = print", [WEIGHTS]),
    # and what would notice
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
]


def test_what_was_replaced_is_put_back():
    cases = [CASE.format(thing=thing, replace=code, told=told) for thing, code, told in CASES]
    subprocess.run([sys.executable, "-c", START + "".join(cases)], check=True)
