"""The promises themselves: plain Keras keeps them, and a model that breaks one is found out."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from tests.contract.case import Case
from tests.contract.promises import PROMISES

pytestmark = pytest.mark.slow
TASKS = ("age", "height")


def network(model, tasks):
    keras.utils.set_random_seed(0)
    x = keras.Input((4,))
    hidden = layers.Dense(6, "tanh", name="hidden")(x)
    return model(x, {task: layers.Dense(1, name=task)(hidden) for task in tasks})


def data(rows):
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")[:rows]
    return x, {"age": x[:, :1] * x[:, 1:2], "height": 2 * x[:, 2:3]}


def single(rows):
    x, y = data(rows)
    return x, y["age"]


def classes(rows):
    return data(rows)[0], np.arange(rows, dtype="float32") % 2


def case_of(model):
    loss = dict.fromkeys(TASKS, "mean_squared_error")
    return Case("several tasks", lambda: network(model, TASKS), data, {"loss": loss})


def one_output(model, data=single):
    """A case without names of tasks."""

    def make():
        inner = network(keras.Model, TASKS[:1])
        return model(inner.inputs, inner.output["age"])

    return Case("one output", make, data, {"loss": "mean_squared_error"})


@pytest.mark.parametrize("name", sorted(PROMISES.keys() - {"one_task", "class_weight"}))
def test_plain_keras_keeps(name, tmp_path):
    PROMISES[name].keep(case_of(keras.Model), tmp_path)


@pytest.mark.parametrize("name", ["class_weight", "sample_weight", "save_and_load"])
def test_plain_keras_with_one_output_keeps(name, tmp_path):
    PROMISES[name].keep(one_output(keras.Model, classes), tmp_path)


class Unscaled(keras.Model):
    """Takes a step of its own, and forgets the loss scale."""

    def train_step(self, data):
        import tensorflow as tf

        x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_weights)
        self.optimizer.apply(gradients, self.trainable_weights)
        return {"loss": loss}


class Half(keras.Model):
    """Computes its loss in too few digits."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        coarse = self.dtype_policy.compute_dtype != "float32"
        found = super().compute_loss(x, y, y_pred, sample_weight)
        return ops.square(found) if coarse else found


class Ratio(keras.Model):
    """Divides each loss by itself, which makes 0 / 0 of a loss of 0."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        losses = [ops.mean(self.loss[t](y[t], y_pred[t])) for t in sorted(y)]
        return sum(loss / ops.stop_gradient(loss) for loss in losses)

    def compile(self, optimizer, loss, **options):
        super().compile(optimizer, loss, **options)
        self.loss = {task: keras.losses.get(function) for task, function in loss.items()}


class Unweighted(keras.Model):
    """Uses no weights of rows."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, None)


class WeightsOfOneTask(keras.Model):
    """Uses the weights of its last task for all."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if isinstance(sample_weight, dict):
            sample_weight = dict.fromkeys(sample_weight, sample_weight["height"])
        return super().compute_loss(x, y, y_pred, sample_weight)


class BatchesAlike(keras.Model):
    """Averages over batches, whatever their rows."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.mean = keras.metrics.Mean("mean_loss")

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x, y, y_pred, sample_weight)
        self.mean.update_state(loss)
        return loss


class Remembers(keras.Model):
    """Counts its batches where Keras neither saves nor compiles them."""

    batches = 0.0

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        self.batches += 1.0
        return self.batches * super().compute_loss(x, y, y_pred, sample_weight)


class Answers(keras.Model):
    """Adds what it counted to its answers."""

    batches = 0.0

    def call(self, inputs, training=False):
        self.batches += float(training)
        answers = super().call(inputs, training=training)
        return {task: answer + self.batches for task, answer in answers.items()}


class Spread(keras.Model):
    """Divides by how much its rows differ."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, y, y_pred, sample_weight) / ops.std(x[:, 0])


class InTurn(keras.Model):
    """Counts the label that is named first twice."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        first = next(iter(y))
        twice = ops.mean(ops.square(y[first] - y_pred[first]))
        return super().compute_loss(x, y, y_pred, sample_weight) + twice


class Counts(keras.Model):
    """Counts its answers in a weight, also those of `predict`."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.answers = self.add_weight(name="answers", initializer="zeros", trainable=False)

    def call(self, inputs, training=False):
        self.answers.assign_add(1.0)
        return super().call(inputs, training=training)


BROKEN = {
    "mixed_float16": [Unscaled, Half],
    "mixed_bfloat16": [Half],
    "no_labels": [Ratio],
    "loss_of_zero": [Ratio],
    "small_last_batch": [BatchesAlike],
    "sample_weight": [Unweighted, WeightsOfOneTask],
    "save_and_load": [Answers],
    "training_goes_on": [Remembers],
    "backup_and_restore": [Remembers],
    "one_row": [Spread],
    "any_order": [InTurn],
    "run_eagerly": [Remembers],
    "evaluate_and_predict": [Counts],
}
for models in BROKEN.values():
    for model in models:
        keras.saving.register_keras_serializable("tests")(model)


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name, models in BROKEN.items() for model in models]
)
def test_a_model_that_breaks_a_promise_is_found_out(name, model, tmp_path):
    with pytest.raises(AssertionError):
        PROMISES[name].keep(case_of(model), tmp_path)


@pytest.mark.parametrize("name", ["sample_weight", "class_weight"])
def test_a_model_without_names_that_breaks_a_promise_is_found_out(name, tmp_path):
    with pytest.raises(AssertionError):
        PROMISES[name].keep(one_output(Unweighted, classes), tmp_path)
