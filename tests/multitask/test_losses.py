import keras
import numpy as np
import pytest

from course_lib.multitask.losses import Present, cosine_distance

NAN = np.nan


def test_the_mean_is_over_present_labels_only():
    loss = Present("mean_squared_error")
    assert float(loss(np.array([1, NAN, 3, NAN]), np.zeros((4, 1)))) == pytest.approx(5)
    assert float(loss(np.array([1.0, 3]), np.zeros((2, 1)))) == pytest.approx(5)


def test_without_any_label_the_loss_is_zero():
    assert float(Present("mean_squared_error")(np.full(3, NAN), np.ones((3, 1)))) == 0


def test_missing_labels_have_exactly_no_gradient_and_present_ones_the_right_one():
    import tensorflow as tf

    y = np.array([[1, NAN], [NAN, NAN], [0, 1]], "float32")[..., None]
    logits = tf.Variable(np.array([[0.3, 2], [-1, 1], [0.5, -2]], "float32")[..., None])
    with tf.GradientTape() as tape:
        loss = Present(keras.losses.BinaryCrossentropy(from_logits=True, reduction=None))(y, logits)
    found = tape.gradient(loss, logits).numpy()
    expected = (1 / (1 + np.exp(-logits.numpy())) - y) / 3
    assert np.all(found[np.isnan(y)] == 0)
    assert np.allclose(found[~np.isnan(y)], expected[~np.isnan(y)], atol=1e-6)


def test_a_vector_with_a_missing_entry_is_missing():
    y = np.array([[[0, 0, 1.0], [0, NAN, 1]]])
    answers = np.array([[[0, 1.0, 0], [0, 0, 1]]])
    assert float(Present(cosine_distance)(y, answers)) == pytest.approx(1)
    assert float(Present(cosine_distance)(y[:, :1], 5 * y[:, :1])) == pytest.approx(0, abs=1e-6)
    assert float(Present(cosine_distance)(y[:, :1], -y[:, :1])) == pytest.approx(2)


def test_it_is_saved_with_its_function():
    loss = Present(cosine_distance)
    again = keras.losses.deserialize(keras.losses.serialize(loss))
    assert again.function is cosine_distance
