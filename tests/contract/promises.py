"""What every method keeps, or refuses in words: one function each, of a case and a folder.

A function without an error is a promise kept. Trainings are a few eager steps, which start at once;
`run_eagerly` and `jit_compile` show that compiled ones end at the same place.
"""

import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass

import keras
import numpy as np
import pytest
from keras import tree

BATCH, ROWS, RATE = 4, 8, 0.05
EAGER = keras.backend.backend() != "jax"  # without compilation JAX takes longer, not less


@dataclass(frozen=True)
class Promise:
    """One promise: its name, the function that shows it, where it applies, and whether it is slow.

    The sentence that it promises is the first line of the function's docstring.
    """

    name: str
    keep: Callable
    where: Callable
    slow: bool

    @property
    def sentence(self):
        return self.keep.__doc__.splitlines()[0]


PROMISES = {}


def promise(where=lambda case: True, slow=False):
    """Enters a function into the promises, under its own name."""

    def enter(keep):
        PROMISES[keep.__name__] = Promise(keep.__name__, keep, where, slow)
        return keep

    return enter


def sentences():
    """What each promise says, a dictionary from its name."""
    return {name: promise.sentence for name, promise in PROMISES.items()}


def has_tasks(case):
    return len(case.tasks) > 1


def compiled(case, model=None, optimizer=None, **options):
    """A model of the case, compiled for eager steps."""
    model = case.make() if model is None else model
    options = {"run_eagerly": EAGER, "jit_compile": "auto" if not EAGER else False, **options}
    model.compile(optimizer or keras.optimizers.SGD(RATE), **{**case.compile, **options})
    return model


def fit(model, x, y=None, **options):
    """Fits in the rows' own order, and returns the history."""
    options = {"batch_size": BATCH, "shuffle": False, "verbose": 0, **options}
    return model.fit(x, y, **options).history


def trained(case, **options):
    """The model after two epochs."""
    model = compiled(case, **options)
    fit(model, *case.data(ROWS), epochs=2)
    return model


@functools.cache
def end(case):
    """The state after two epochs, which is what most promises compare with."""
    return state(trained(case))


def on_the_way(case, epochs, *callbacks):
    """The model after some of four epochs with Adam, whose steps depend on those before."""
    model = compiled(case, optimizer=keras.optimizers.Adam(RATE))
    fit(model, *case.data(BATCH), epochs=epochs, callbacks=list(callbacks))
    return model


@functools.cache
def uninterrupted(case):
    """The state after all four epochs."""
    return state(on_the_way(case, 4))


def numbers(variable):
    """A copy of a variable's values."""
    return np.array(keras.ops.convert_to_numpy(variable))


def state(model):
    """Copies of all that a training moves: weights, statistics, teachers, draws and momenta."""
    variables = [*model.variables, *model.optimizer.variables]
    return [(variable.path, numbers(variable)) for variable in variables]


def assert_same(found, expected, rtol=0.0, atol=0.0):
    """States are equal, to the last bit unless there are tolerances."""
    assert len(found) == len(expected)
    for (path, one), (_, other) in zip(found, expected):
        np.testing.assert_allclose(
            one, other, rtol, atol, equal_nan=False, err_msg=f"{path} differs"
        )


def differ(found, expected):
    """Whether states differ by more than rounding."""
    return not all(np.allclose(a, b, 1e-4, 1e-6) for (_, a), (_, b) in zip(found, expected))


def assert_finite(model, history):
    for path, array in state(model):
        assert np.all(np.isfinite(array)), f"{path} is not finite"
    for name, values in history.items():
        assert np.all(np.isfinite(values)), f"{name} in the logs is not finite"


@contextlib.contextmanager
def under(policy):
    """Makes models of a dtype policy."""
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy("float32")


@functools.cache
def way(case, policy="float32"):
    """How all weights and statistics move under a policy, one vector."""
    optimizer = keras.optimizers.SGD(RATE)
    if policy == "mixed_float16":  # from its usual start, 32768, the first steps would be skipped
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=256.0)
    with under(policy):
        model = compiled(case, optimizer=optimizer)
        start = [numbers(weight) for weight in model.weights]
        fit(model, *case.data(ROWS))
    steps = [numbers(weight) - old for weight, old in zip(model.weights, start)]
    return np.concatenate([step.ravel() for step in steps])


def assert_ways_agree(found, expected, tolerance):
    assert np.linalg.norm(expected) > 0, "the training moves nothing"
    apart = np.linalg.norm(found - expected) / np.linalg.norm(expected)
    assert apart <= tolerance, f"the ways differ by {apart:.1%}, more than {tolerance:.0%}"


@promise()
def mixed_float16(case, folder):
    """Under `mixed_float16` training goes where float32 goes; steps that overflow are skipped."""
    assert_ways_agree(way(case, "mixed_float16"), way(case), 0.05)
    with under("mixed_float16"):
        model = compiled(case)
        assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        model.optimizer.dynamic_scale.assign(2.0**120)
        before = [numbers(weight) for weight in model.trainable_weights]
        history = fit(model, *case.data(BATCH))
    assert float(model.optimizer.dynamic_scale) == 2.0**119, "the loss was not scaled"
    for old, weight in zip(before, model.trainable_weights):
        np.testing.assert_array_equal(numbers(weight), old, f"{weight.path} moved")
    assert_finite(model, history)


@promise()
def mixed_bfloat16(case, folder):
    """Under `mixed_bfloat16` training goes where float32 goes."""
    assert_ways_agree(way(case, "mixed_bfloat16"), way(case), 0.15)


def with_missing_labels(case):
    """The case, with losses that leave out labels that are NaN."""
    from course_lib.multitask.losses import Present

    losses = {
        task: loss if isinstance(loss, keras.losses.Loss) else Present(loss)
        for task, loss in case.compile["loss"].items()
    }
    return compiled(case, loss=losses)


@promise(where=has_tasks)
def no_labels(case, folder):
    """Batches without any label of one task, even all of the first epoch, leave all finite."""
    model = with_missing_labels(case)
    x, y = case.data(ROWS)
    task = case.tasks[0]
    missing = {**y, task: np.full(y[task].shape, np.nan, "float32")}
    assert_finite(model, fit(model, x, missing))
    start = state(model)
    missing[task] = np.where(
        np.arange(ROWS).reshape(-1, *[1] * (y[task].ndim - 1)) < BATCH, np.nan, y[task]
    )
    assert_finite(model, fit(model, x, missing))
    assert differ(state(model), start), "the labels that came are not learned"


@promise(where=has_tasks)
def loss_of_zero(case, folder):
    """Tasks whose first loss is 0 leave all finite."""
    model = compiled(case)
    x, y = case.data(ROWS)
    answers = model.predict(x, verbose=0)
    solved = {t: answers[t] if np.shape(answers[t]) == y[t].shape else y[t] for t in case.tasks}
    one = {**y, case.tasks[0]: solved[case.tasks[0]]}
    for labels in (solved, one, y):
        assert_finite(model, fit(model, x, labels, batch_size=ROWS))


@promise()
def small_last_batch(case, folder):
    """A batch counts in the logs of an epoch by its rows."""
    x, y = case.data(2 * BATCH + 1)
    parts = [np.arange(2 * BATCH + 1)[start : start + BATCH] for start in (0, BATCH, 2 * BATCH)]
    batches = [tree.map_structure(lambda a, rows=rows: a[rows], (x, y)) for rows in parts]
    whole, split = compiled(case), compiled(case)

    def mean(step):
        logs = []
        for batch in batches:
            split.reset_metrics()
            logs.append(step(*batch, return_dict=True))
        rows = [len(part) for part in parts]
        return {
            name: np.average([float(log[name]) for log in logs], weights=rows) for name in logs[0]
        }

    history = fit(whole, x, y)
    expected = mean(split.train_on_batch)
    assert {name: history[name][0] for name in expected} == pytest.approx(expected, 1e-4)
    found = split.evaluate(x, y, batch_size=BATCH, verbose=0, return_dict=True)
    assert found == pytest.approx(mean(split.test_on_batch), 1e-4)


def weighted(case, x, y, weights):
    model = compiled(case)
    fit(model, x, y, sample_weight=weights)
    return state(model)


@promise()
def sample_weight(case, folder):
    """A row of weight 2 counts like two rows, and one of weight 0 not at all, in each task."""
    x, y = case.data(BATCH)
    if case.draws_by_row:  # a row that is repeated draws other numbers
        assert_hidden_by_weight(case, x, y)
        return
    rows, weights = np.array([0, 1, 1, 3]), np.array([1, 2, 0, 1], "float32")
    repeated = weighted(case, case.take(x, rows), tree.map_structure(lambda a: a[rows], y), None)
    assert differ(repeated, weighted(case, x, y, None)), "the rows are too much alike to tell"
    if case.tasks:
        assert_same(weighted(case, x, y, dict.fromkeys(case.tasks, weights)), repeated, 1e-4, 1e-6)
        assert_hidden_by_weight(case, x, y)
    else:
        assert_same(weighted(case, x, y, weights), repeated, 1e-4, 1e-6)


def assert_hidden_by_weight(case, x, y):
    """What label a row has does not matter, if its weight is 0 in the task or, without, at all."""
    ones, half, rows = np.ones(BATCH, "float32"), np.float32([1, 1, 0, 0]), [0, 1, 1, 0]
    if case.tasks:
        task, every = case.tasks[0], dict.fromkeys(case.tasks, ones)
        others, weights = {**y, task: y[task][rows]}, {**every, task: half}
    else:
        others, weights, every = y[rows], half, ones
    hidden = weighted(case, x, y, weights)
    assert_same(weighted(case, x, others, weights), hidden)
    assert differ(weighted(case, x, y, every), hidden)


@promise()
def save_and_load(case, folder):
    """A saved model that is loaded answers the same, to the last bit."""
    model = trained(case)
    model.save(folder / "model.keras")
    loaded = keras.saving.load_model(folder / "model.keras")
    x, _ = case.data(ROWS)
    expected = tree.flatten(model.predict(x, verbose=0))
    for found, answer in zip(tree.flatten(loaded.predict(x, verbose=0)), expected):
        np.testing.assert_array_equal(found, answer)


@promise()
def training_goes_on(case, folder):
    """Training goes on from a loaded model as if nothing had happened, to the last bit."""
    half = on_the_way(case, 2)
    half.save(folder / "model.keras")
    loaded = keras.saving.load_model(folder / "model.keras")
    assert_same(state(loaded), state(half))
    loaded.run_eagerly = EAGER
    fit(loaded, *case.data(BATCH), initial_epoch=2, epochs=4)
    assert_same(state(loaded), uninterrupted(case))


class Killed(Exception):
    """What ends a training before its time."""


class Kill(keras.callbacks.Callback):
    """Ends a training when its third epoch begins."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise Killed


@promise()
def backup_and_restore(case, folder):
    """After an interruption, `BackupAndRestore` ends where an uninterrupted training ends."""

    def attempt(*more):
        return on_the_way(case, 4, keras.callbacks.BackupAndRestore(folder / "backup"), *more)

    with pytest.raises(Killed):
        attempt(Kill())
    assert_same(state(attempt()), uninterrupted(case))


@promise()
def one_row(case, folder):
    """A batch of one row trains, and leaves all finite."""
    model = compiled(case)
    x, y = case.data(1)
    assert_finite(model, fit(model, x, y, epochs=2))
    assert all(len(answer) == 1 for answer in tree.flatten(model.predict(x, verbose=0)))


@promise(where=lambda case: case.one_task is not None)
def one_task(case, folder):
    """With one task alone, a step goes the way of Keras's own."""
    x, y = case.data(BATCH)
    task = case.tasks[0]
    loss = {task: case.compile["loss"][task]}
    ways = []
    for model in (case.one_task(), case.one_task().network):
        compiled(case, model, loss=loss)
        weights = getattr(model, "network", model).trainable_weights
        start = [numbers(weight) for weight in weights]
        fit(model, x, {task: y[task]})
        ways.append(np.concatenate([(numbers(w) - s).ravel() for w, s in zip(weights, start)]))
    found, expected = (way / np.linalg.norm(way) for way in ways)
    np.testing.assert_allclose(found, expected, 1e-3, 1e-4)


def reversed_names(names):
    """The same dictionaries, each with its names in the opposite order."""
    if not isinstance(names, dict):
        return names
    return {name: reversed_names(names[name]) for name in reversed(names)}


@promise(where=has_tasks)
def any_order(case, folder):
    """In which order labels and losses are named does not matter."""
    model = compiled(case, **reversed_names(case.compile))
    x, y = case.data(ROWS)
    fit(model, reversed_names(x), reversed_names(y), epochs=2)
    assert_same(state(model), end(case), 1e-5, 1e-6)  # sums of gradients in another order


@promise()
def run_eagerly(case, folder):
    """Eager steps and compiled ones end at the same place."""
    found = trained(case, run_eagerly=EAGER is False)
    assert_same(state(found), end(case), 1e-4, 1e-5)


@promise(slow=True)
def jit_compile(case, folder):
    """With `jit_compile=True` training ends at the same place.

    Where TensorFlow draws, XLA draws others from the same seed: there it has to train at all.
    """
    found = trained(case, run_eagerly=False, jit_compile=True)
    if not (case.draws and keras.backend.backend() == "tensorflow"):
        assert_same(state(found), end(case), 1e-3, 1e-5)
        return
    assert_finite(found, {})
    start = [numbers(weight) for weight in case.make().trainable_weights]
    moved = [not np.allclose(numbers(w), s) for w, s in zip(found.trainable_weights, start)]
    assert any(moved), "compiled by XLA, the training moves nothing"


@promise(slow=True)
def steps_per_execution(case, folder):
    """Several steps at one execution end at the same place."""
    found = trained(case, run_eagerly=False, steps_per_execution=2)
    assert_same(state(found), end(case), 1e-4, 1e-5)


@promise()
def tf_data(case, folder):
    """A `tf.data` pipeline trains as arrays do."""
    import tensorflow as tf

    model = compiled(case)
    batches = tf.data.Dataset.from_tensor_slices(case.data(ROWS)).batch(BATCH)
    fit(model, batches, batch_size=None, epochs=2)
    assert_same(state(model), end(case))


@promise()
def class_weight(case, folder):
    """Weights of classes are those of their rows."""
    x, y = case.data(ROWS)
    model = compiled(case)
    weights = {int(c): 0.5 + i for i, c in enumerate(np.unique(np.nan_to_num(tree.flatten(y)[0])))}
    fit(model, x, y, class_weight=weights)
    of_rows = np.array([weights[int(c)] for c in np.ravel(tree.flatten(y)[0])], "float32")
    assert differ(state(model), weighted(case, x, y, None)), "the weights change nothing"
    assert_same(state(model), weighted(case, x, y, of_rows), 1e-5, 1e-6)


@promise()
def evaluate_and_predict(case, folder):
    """`evaluate` and `predict` move nothing: no weight, no teacher, no draw."""
    model = trained(case)
    before = state(model)
    x, y = case.data(ROWS)
    model.evaluate(x, y, batch_size=BATCH, verbose=0)
    model.predict(x, batch_size=BATCH, verbose=0)
    assert_same(state(model), before)
