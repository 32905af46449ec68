"""Keras still holds its private things where `keras_internals` looks for them."""

import keras
import numpy as np

from course_lib.keras_internals import call_that_made, loss_tracker, trained_by


def make():
    inputs = keras.Input((3,))
    hidden = keras.layers.Dense(2, name="hidden")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(hidden))
    model.get_layer("hidden").trainable = False
    model.compile("sgd", "mse")
    return model


def test_keras_optimizers_know_what_they_train():
    model = make()
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    assert trained_by(model.optimizer) == model.get_layer("head").trainable_variables


def test_keras_tensors_know_the_call_that_made_them():
    model = make()
    call = call_that_made(model.outputs[0])
    assert call.operation is model.get_layer("head")
    assert call.output_tensors[0] is model.outputs[0]
    before = call_that_made(call.input_tensors[0])
    assert before.operation is model.get_layer("hidden")
    assert not before.is_input
    assert call_that_made(before.input_tensors[0]).is_input


def test_keras_models_track_their_loss():
    model = make()
    model.fit(np.ones((4, 3)), np.ones(4), verbose=0)
    tracker = loss_tracker(model)
    tracker.reset_state()
    tracker.update_state(7.0)
    assert float(tracker.result()) == 7
    assert float(model.get_metrics_result()["loss"]) == 7
