"""Every lab is graded on a GPU: `pytest -m gpu`, on any machine that has one."""

import os
import subprocess
import sys

import pytest

from classroom.course import Course
from classroom.labs.verify import verify
from classroom.running.workers import gpu

pytestmark = pytest.mark.gpu


def ask_tensorflow(expression, variables):
    """Evaluates an expression in another process, whose GPUs are those of its environment."""
    code = f"import tensorflow as tf; gpus = tf.config.list_physical_devices('GPU'); {expression}"
    asked = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=os.environ | variables
    )
    assert asked.returncode == 0, asked.stderr
    return asked.stdout.split()


@pytest.fixture(scope="module", autouse=True)
def needs_a_gpu():
    if ask_tensorflow("print(len(gpus))", {}) == ["0"]:
        pytest.skip("TensorFlow sees no GPU here")


def test_a_submission_sees_one_gpu_and_computes_on_it():
    with gpu(1) as variables:
        answer = ask_tensorflow("print(len(gpus), tf.ones(3).device[-5:])", variables)
    assert answer == ["1", "GPU:0"]


def test_without_a_part_of_a_gpu_none_is_seen():
    with gpu(0) as variables:
        assert ask_tensorflow("print(len(gpus))", variables) == ["0"]


@pytest.mark.slow
@pytest.mark.parametrize("lab", Course.find(__file__).lab_names())
def test_every_variant_gets_its_score_on_a_gpu(course, lab):
    problems = {
        finding.what: finding.problems
        for finding in verify(course, lab, jobs=4, gpus=0.25)
        if finding.problems
    }
    assert problems == {}
