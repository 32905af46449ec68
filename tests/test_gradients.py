"""Gradients of inputs and of single losses."""

import keras
import numpy as np
from keras import ops

from course_lib import gradients


def test_every_row_is_scaled_to_length_one():
    rows = np.array([[[3.0], [4.0]], [[3e-25], [4e-25]], [[0.0], [0.0]]], "float32")
    expected = [[[0.6], [0.8]], [[0.6], [0.8]], [[0.0], [0.0]]]
    np.testing.assert_allclose(gradients.unit(rows), expected, rtol=1e-6)


def test_the_gradient_of_an_input_is_the_derivative():
    x = ops.convert_to_tensor(np.array([1.0, 2.0, 3.0], "float32"))
    found = gradients.input_gradient(lambda x: ops.sum(x**3), x)
    np.testing.assert_allclose(found, [3.0, 12.0, 27.0])


def test_each_loss_has_its_gradient_and_zeros_where_it_depends_on_nothing():
    first, second = (keras.Variable([1.0, 2.0]) for _ in range(2))
    with gradients.tape() as tape:
        losses = [ops.sum(first**2), ops.sum(first * second)]
    found = gradients.of_each(tape, losses, [first, second])
    np.testing.assert_allclose(found, [[[2.0, 4.0], [0.0, 0.0]], [[1.0, 2.0], [1.0, 2.0]]])
