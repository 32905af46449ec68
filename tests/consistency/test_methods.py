"""One trainer for all methods: what each compares, what stands still, and what comes out."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers, ops

from course_lib.consistency import data, losses
from course_lib.consistency.methods import (
    ICT,
    METHODS,
    UDA,
    VAT,
    MeanTeacher,
    MixMatch,
    PiModel,
    PseudoLabel,
    Supervised,
)
from course_lib.gradients import input_gradient, unit

ALL = {"supervised": Supervised, **METHODS}


@pytest.mark.parametrize("method", ALL.values(), ids=ALL)
def test_methods_train_by_fit_and_answer_plain_inputs(method, network, batch):
    model = method(network)
    model.compile(keras.optimizers.SGD(0.01), run_eagerly=True)
    before = network.get_weights()
    batches = tf.data.Dataset.from_tensors(batch).repeat(3)
    history = model.fit(batches, verbose=0).history
    assert np.isfinite(history["loss"][0])
    assert not np.array_equal(before[0], network.get_weights()[0])
    x, y = batch
    assert model.predict(x["labelled"], verbose=0).shape == (8, 3)
    found = model.evaluate(x["labelled"], y, verbose=0, return_dict=True)
    assert set(found) == {"loss", "accuracy"}
    assert float(model.step) == 3


@pytest.mark.parametrize("method", ALL.values(), ids=ALL)
def test_the_same_seed_gives_the_same_training(method, network, batch):
    start, ends = network.get_weights(), []
    for _ in range(2):
        keras.utils.set_random_seed(1)
        copy = keras.models.clone_model(network)
        copy.set_weights(start)
        model = method(copy, seed=3)
        model.compile(keras.optimizers.SGD(0.1), run_eagerly=True)
        model.fit(tf.data.Dataset.from_tensors(batch).repeat(4), verbose=0)
        ends.append(copy.get_weights())
    assert all(np.array_equal(a, b) for a, b in zip(*ends))


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_missing_views_are_named(method, network, batch):
    x, y = batch
    model = method(network)
    model.compile(jit_compile=False)
    with pytest.raises(ValueError, match=rf"{method.__name__} compares {method.views} views"):
        model.compute_loss({"labelled": x["labelled"], "views": ()}, y, network(x["labelled"]))


def test_without_weight_every_loss_is_the_supervised_one(network, batch):
    x, y = batch
    logits = network(x["labelled"])
    expected = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
    for name, method in ALL.items():
        if method is not MixMatch:
            model = method(network, weight=0.0)
            assert np.isclose(model.compute_loss(x, y, logits), np.mean(expected)), name


def test_weights_ramp_up(network):
    model = PiModel(network, weight=2.0, ramp_up=10)
    assert np.isclose(model.weight_now(), 2 * np.exp(-5))
    model.step.assign(10)
    assert np.isclose(model.weight_now(), 2)
    model.step.assign(25)
    assert np.isclose(model.weight_now(), 2)


def test_regularisers_count(batch):
    x, y = batch
    kernel = {"kernel_regularizer": keras.regularizers.L2(1.0)}
    network = keras.Sequential([keras.Input((5,)), layers.Dense(3, **kernel)])
    penalty = np.sum(network.layers[0].get_weights()[0] ** 2)
    logits = network(x["labelled"])
    plain = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
    found = Supervised(network).compute_loss(x, y, logits)
    assert np.isclose(found, np.mean(plain) + penalty, rtol=1e-5)


def test_uda_is_its_loss(linear, batch):
    views = batch[0]["views"]
    expected = losses.uda(*(linear(view) for view in views), 0.3, 0.4)
    assert expected > 0
    assert np.isclose(UDA(linear, temperature=0.3, threshold=0.4).unlabelled_loss(*views), expected)


def test_annealing_needs_the_number_of_steps(network):
    with pytest.raises(ValueError, match="number of steps"):
        UDA(network, annealing="linear")


def test_annealing_leaves_sure_rows_out(network, batch):
    _, y = batch
    model = UDA(network, annealing="linear", steps=10)
    unsure = np.zeros((8, 3), "float32")
    surer = unsure + np.eye(3, dtype="float32")[y]  # right with 58 %
    assert model.labelled_loss(y, surer) == 0
    model.step.assign(3)  # of ten: the threshold is 53 %
    assert model.labelled_loss(y, surer) == 0
    assert np.isclose(model.labelled_loss(y, unsure), np.log(3))
    model.step.assign(6)
    assert model.labelled_loss(y, surer) > 0


def test_a_teacher_is_another_network_than_its_student(linear, batch):
    """Compared with itself, the loss would be 0 for ever, and look like a result."""
    model = MeanTeacher(linear, momentum=0.9)
    model.compile(keras.optimizers.SGD(0.5), run_eagerly=True)
    assert not {id(w) for w in model.teacher.weights} & {id(w) for w in linear.weights}
    x, y = batch
    view = x["views"][0]
    assert model.unlabelled_loss(view, view) == 0, "At first both are equal."
    same = {"labelled": x["labelled"], "views": (view, view)}, y
    model.fit(tf.data.Dataset.from_tensors(same).repeat(3), verbose=0)
    with tf.GradientTape() as tape:
        difference = model.unlabelled_loss(view, view)
    assert difference > 1e-6
    slopes = tape.gradient(difference, linear.trainable_weights)
    assert max(np.abs(slope).max() for slope in slopes) > 1e-4
    assert not model.teacher.trainable_weights


def test_the_teacher_answers(network, batch):
    x, _ = batch
    model = MeanTeacher(network)
    network.layers[-1].bias.assign([9.0, 0.0, 0.0])
    by_teacher = model.teacher.predict(x["labelled"], verbose=0)
    assert np.allclose(model.predict(x["labelled"], verbose=0), by_teacher)


def fisher(network, x):
    """Of a linear softmax model at an input, where KL grows by ½ rᵀ W F Wᵀ r: W F Wᵀ."""
    kernel, p = network.get_weights()[0], ops.convert_to_numpy(ops.softmax(network(x[None])))[0]
    return kernel @ (np.diag(p) - np.outer(p, p)) @ kernel.T


def test_the_adversarial_direction_is_the_top_eigenvector(linear):
    x = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    found = ops.convert_to_numpy(VAT(linear, iterations=30).direction(x))
    for row in range(3):
        top = np.linalg.eigh(fisher(linear, x[row]))[1][:, -1]
        assert abs(top @ found[row]) > 0.999


def test_a_power_iteration_needs_more_distance_than_rounding():
    """In float32 the change of KL at a distance of 1e-6 is little but rounding."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((400,)), layers.Dense(10)])
    x = np.random.default_rng(0).normal(size=(8, 400)).astype("float32")

    def direction(**options):
        return ops.convert_to_numpy(VAT(network, **options).direction(x))

    start, found, rounded = direction(iterations=0), direction(), direction(distance=1e-6)
    exact = np.stack([fisher(network, row) @ first for row, first in zip(x, start)])
    exact /= np.linalg.norm(exact, axis=1, keepdims=True)
    assert np.min(np.sum(exact * found, axis=1)) > 0.99
    assert np.mean(np.sum(exact * rounded, axis=1)) < 0.9


def test_vat_finds_more_than_chance_does(network, batch):
    view = batch[0]["views"][0]
    model = VAT(network, radius=0.5)
    clean = network(view)

    def change(direction):
        return float(ops.mean(losses.kl_divergence(clean, network(view + 0.5 * direction))))

    chance = unit(np.random.default_rng(0).normal(size=view.shape).astype("float32"))
    assert change(model.direction(view)) > 2 * change(chance)


def test_directions_have_length_one():
    rows = np.array([[3.0, 4.0], [3e-25, 4e-25], [0.0, 0.0]], "float32")
    assert np.allclose(unit(rows), [[0.6, 0.8], [0.6, 0.8], [0.0, 0.0]])


def test_input_gradient_is_the_gradient():
    x = ops.convert_to_tensor(np.array([1.0, 2.0, 3.0], "float32"))
    assert np.allclose(input_gradient(lambda x: ops.sum(x**3), x), [3.0, 12.0, 27.0])


def test_pseudo_labels_beyond_certainty_teach_nothing(network, batch):
    model = PseudoLabel(network, threshold=1.01)
    assert model.unlabelled_loss(batch[0]["views"][0]) == 0


def test_interpolation_of_a_linear_model_is_consistent():
    """Answers that are the inputs themselves, as probabilities, interpolate without loss."""
    x = keras.Input((3,))
    p = np.random.default_rng(0).dirichlet([1, 1, 1], 16).astype("float32")
    assert ICT(keras.Model(x, ops.log(x))).unlabelled_loss(p) < 1e-10
    assert ICT(keras.Model(x, 9 * ops.square(x))).unlabelled_loss(p) > 1e-3


def test_guesses_are_the_mean_answer_sharpened_and_stopped(linear, batch):
    views = batch[0]["views"]
    model = MixMatch(linear, temperature=1.0)
    mean = sum(ops.softmax(linear(view)) for view in views) / 2
    assert np.allclose(model.guess(*views), mean, atol=1e-6)
    with tf.GradientTape() as tape:
        guess = model.guess(*views)
    assert tape.gradient(guess, linear.trainable_weights) == [None, None]


def test_batches_hold_labels_and_views():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(10, 2)).astype("float32"), np.arange(10)
    unlabelled = rng.normal(size=(50, 2)).astype("float32")
    batches = data.batches(
        x, y, unlabelled, (data.keep, lambda u: -u), augment=lambda x: 2 * x, batch_size=4, ratio=3
    )
    inputs, labels = next(iter(batches))
    assert np.allclose(inputs["labelled"], 2 * x[labels])
    first, second = inputs["views"]
    assert first.shape == (12, 2)
    assert np.array_equal(first, -second)
    assert len({label for _, ys in batches.take(20) for label in ys.numpy()}) == 10


def test_few_labels_are_of_all_classes_and_a_part_of_more():
    y = np.random.default_rng(0).integers(4, size=200)
    few, more = data.few_labels(y, 3, seed=1), data.few_labels(y, 10, seed=1)
    assert np.array_equal(np.bincount(y[few]), [3] * 4)
    assert set(few) <= set(more)
    assert len(set(more)) == 40
    with pytest.raises(ValueError, match=r"Class \d has \d+ rows, fewer than 1000"):
        data.few_labels(y, 1000)
