"""Method One and Method Two against the gradients that define them."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from course_lib.multitask import sharing, training


def task_gradients(model, data):
    """The gradient of each task's mean squared error, by the definition."""
    gradients = []
    for t in range(data.tasks):
        own = data.task == t
        with tf.GradientTape() as tape:
            error = data.y[own] - model([data.x[own], data.task[own]])[:, 0]
            loss = ops.mean(error**2) + sum(model.losses) / data.tasks
        found = tape.gradient(loss, model.trainable_variables)
        gradients.append([tf.convert_to_tensor(gradient).numpy() for gradient in found])
    return gradients


def steps_of(model, rate, run):
    """Runs a training step with plain SGD; returns the gradient that it followed."""
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(rate), "mse", jit_compile=False)
    run(model)
    assert int(model.optimizer.iterations) == 1
    return [(old - new) / rate for old, new in zip(before, model.get_weights())]


@pytest.mark.parametrize("penalty", [0.0, 0.3])
def test_method_one_steps_once_on_the_sum_of_all_gradients(data, penalty):
    model = sharing.shared_trunk(data.tasks, data.features, [4], penalty=penalty)
    expected = [np.sum(gradients, axis=0) for gradients in zip(*task_gradients(model, data))]
    method_one = training.MethodOne(model.inputs, model.outputs, data.tasks)
    found = steps_of(
        method_one,
        0.1,
        lambda m: m.fit([data.x, data.task], data.y, batch_size=len(data.y), verbose=0),
    )
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(expected, found))


def test_method_one_reports_the_sum_of_the_tasks_losses(data):
    model = sharing.shared_trunk(data.tasks, data.features, [4])
    errors = (data.y - ops.convert_to_numpy(model([data.x, data.task]))[:, 0]) ** 2
    method_one = training.MethodOne(model.inputs, model.outputs, data.tasks)
    method_one.compile("sgd", "mse", jit_compile=False)
    inputs = [data.x, data.task]
    history = method_one.fit(inputs, data.y, batch_size=len(data.y), verbose=0).history
    means = [errors[data.task == t].mean() for t in range(data.tasks)]
    assert history["loss"][0] == pytest.approx(sum(means), rel=1e-4)


def test_method_one_evaluates_what_it_trains(data):
    model = sharing.shared_trunk(data.tasks, data.features, [4])
    errors = (data.y - ops.convert_to_numpy(model([data.x, data.task]))[:, 0]) ** 2
    method_one = training.MethodOne(model.inputs, model.outputs, data.tasks)
    method_one.compile("sgd", "mse", run_eagerly=True)
    found = method_one.evaluate([data.x, data.task], data.y, batch_size=len(data.y), verbose=0)
    means = [errors[data.task == t].mean() for t in range(data.tasks)]
    assert found == pytest.approx(sum(means), rel=1e-4)


def test_method_one_weighs_rows_within_their_task(data):
    """A weighted mean in each task; a task whose rows all weigh nothing has no part."""
    model = sharing.shared_trunk(data.tasks, data.features, [4])
    errors = (data.y - ops.convert_to_numpy(model([data.x, data.task]))[:, 0]) ** 2
    method_one = training.MethodOne(model.inputs, model.outputs, data.tasks)
    method_one.compile("sgd", "mse", run_eagerly=True)
    weights = np.random.default_rng(0).random(len(data.y)).astype("float32")
    weights[data.task == 1] = 0
    found = method_one.train_on_batch([data.x, data.task], data.y, sample_weight=weights)
    means = [np.average(errors[data.task == t], weights=weights[data.task == t]) for t in (0, 2)]
    assert float(found) == pytest.approx(sum(means), rel=1e-4)


def test_method_one_is_saved_whole(data, tmp_path):
    model = sharing.shared_trunk(data.tasks, data.features, [4], penalty=0.3)
    method_one = training.MethodOne(model.inputs, model.outputs, data.tasks, name="one")
    method_one.compile("sgd", "mse", run_eagerly=True)
    method_one.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert type(loaded) is training.MethodOne
    assert (loaded.name, loaded.tasks) == ("one", data.tasks)
    for each in (method_one, loaded):
        each.run_eagerly = True
        each.train_on_batch([data.x, data.task], data.y)
    for found, expected in zip(loaded.get_weights(), method_one.get_weights()):
        assert np.array_equal(found, expected)


def test_method_one_ignores_tasks_that_a_batch_lacks(data):
    """Task 2 has no rows here: its head and no other stays where it was."""
    model = sharing.shared_trunk(data.tasks, data.features, [4])
    method_one = training.MethodOne(model.inputs, model.outputs, data.tasks)
    rows = data.task < 2
    found = steps_of(
        method_one,
        0.1,
        lambda m: m.fit([data.x[rows], data.task[rows]], data.y[rows], verbose=0),
    )
    heads = found[2][..., 0]
    assert np.isfinite(found[0]).all()
    assert np.all(heads[2] == 0)
    assert np.any(heads[:2] != 0, axis=1).all()


def test_method_one_takes_one_step_for_each_batch_of_all_tasks(data):
    """Not one for each task, as public code does."""
    model = sharing.shared_trunk(data.tasks, data.features, [4])
    method_one = training.MethodOne(model.inputs, model.outputs, data.tasks)
    method_one.compile("sgd", "mse", jit_compile=False)
    method_one.fit([data.x, data.task], data.y, batch_size=15, epochs=3, verbose=0)
    assert int(method_one.optimizer.iterations) == 6


def test_method_one_with_one_task_is_plain_training(data):
    data.task[:] = 0
    plain = sharing.shared_trunk(1, data.features, [4])
    start = plain.get_weights()
    method_one = training.MethodOne(plain.inputs, plain.outputs, 1)

    def run(model):
        model.fit([data.x, data.task], data.y, batch_size=len(data.y), verbose=0)

    first = steps_of(plain, 0.1, run)
    plain.set_weights(start)
    second = steps_of(method_one, 0.1, run)
    assert all(np.allclose(a, b, atol=1e-5) for a, b in zip(first, second))


def test_the_expected_step_of_method_two_is_method_ones_over_the_number_of_tasks(data):
    """With batches that hold a whole task, the mean over tasks is exact, not only on average."""
    model = sharing.shared_trunk(data.tasks, data.features, [4])
    start = model.get_weights()
    expected = [np.mean(gradients, axis=0) for gradients in zip(*task_gradients(model, data))]
    followed = []
    for t in range(data.tasks):
        own = data.task == t
        model.set_weights(start)
        inputs, labels = [data.x[own], data.task[own]], data.y[own]
        followed.append(steps_of(model, 0.1, lambda m, i=inputs, y=labels: m.fit(i, y, verbose=0)))
    found = [np.mean(gradients, axis=0) for gradients in zip(*followed)]
    assert all(np.allclose(a, b, atol=1e-4) for a, b in zip(expected, found))


@pytest.mark.parametrize(
    ("draw", "shares"), [("uniform", [1 / 3, 1 / 3, 1 / 3]), ("size", [4 / 30, 9 / 30, 17 / 30])]
)
def test_method_two_draws_tasks_as_it_says(data, draw, shares):
    batches = training.MethodTwo(data.x, data.task, data.y, draw, batch_size=2, steps=3000)
    drawn = [batches[step][0][1] for step in range(len(batches))]
    assert all(len(set(task)) == 1 for task in drawn)
    often = np.bincount([task[0] for task in drawn], minlength=3) / len(drawn)
    assert often == pytest.approx(shares, abs=5 * np.sqrt(0.25 / 3000))


def test_method_two_batches_hold_rows_of_their_task(data):
    batches = training.MethodTwo(data.x, data.task, data.y, "size", batch_size=6, steps=20)
    rows = {(*x, y): t for x, t, y in zip(data.x, data.task, data.y)}
    for step in range(len(batches)):
        (x, task), y = batches[step]
        assert len(y) == 6
        assert [rows[(*features, label)] for features, label in zip(x, y)] == list(task)


def test_method_two_repeats_with_its_seed_and_varies_over_epochs(data):
    def epoch(batches):
        return np.concatenate([batches[step][1] for step in range(len(batches))])

    rows = (data.x, data.task, data.y, "uniform")
    first, same, other = (training.MethodTwo(*rows, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(epoch(first), epoch(same))
    assert not np.array_equal(epoch(first), epoch(other))
    before = epoch(first)
    first.on_epoch_end()
    assert not np.array_equal(epoch(first), before)


def test_method_two_trains_with_fit(data):
    model = sharing.shared_plus_own(data.tasks, data.features, 0.001)
    model.compile(keras.optimizers.Adam(0.05), "mse", jit_compile=False)
    batches = training.MethodTwo(data.x, data.task, data.y, "uniform", steps=200)
    losses = model.fit(batches, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < 0.1 * np.var(data.y)


def test_an_unknown_draw_is_refused(data):
    with pytest.raises(ValueError, match=r"'uniform' or 'size', but got 'sise'"):
        training.MethodTwo(data.x, data.task, data.y, "sise")
