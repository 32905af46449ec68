"""Batches of few labels and many rows: which rows, how often, and how they are seen."""

import numpy as np

from course_lib.consistency import data

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(10, 2)).astype("float32"), np.arange(10)
OTHERS = np.arange(50, dtype="float32")[:, None]


def drawn(number, **options):
    """Labels and unlabelled rows of the first batches."""
    options = {"batch_size": 4, "ratio": 3, **options}
    batches = data.batches(X, Y, OTHERS, (data.keep,), **options)
    both = [(y.numpy(), inputs["views"][0].numpy().ravel()) for inputs, y in batches.take(number)]
    return [np.concatenate(part) for part in zip(*both)]


def test_all_rows_come_before_any_comes_again():
    labels, others = drawn(25)
    for start in range(0, 100, 10):
        assert sorted(labels[start : start + 10]) == list(range(10))
    for start in range(0, 300, 50):
        assert sorted(others[start : start + 50]) == list(range(50))


def test_orders_change_from_round_to_round_and_repeat_with_their_seed():
    labels, others = drawn(25)
    assert not np.array_equal(labels[:10], labels[10:20])
    assert not np.array_equal(others[:50], others[50:100])
    again, differ = drawn(25), drawn(25, seed=1)
    assert np.array_equal(labels, again[0])
    assert np.array_equal(others, again[1])
    assert not np.array_equal(labels, differ[0])


def test_labelled_and_unlabelled_rows_are_in_orders_of_their_own():
    batches = data.batches(
        OTHERS, np.arange(50), OTHERS, (data.keep,), batch_size=50, ratio=1, seed=0
    )
    inputs, labels = next(iter(batches))
    assert not np.array_equal(labels, inputs["views"][0].numpy().ravel())


def test_all_batches_are_full():
    batches = data.batches(X, Y, OTHERS, (data.keep,), batch_size=4, ratio=3)
    assert {(len(y), len(inputs["views"][0])) for inputs, y in batches.take(30)} == {(4, 12)}


def test_few_labels_come_in_turns_and_by_their_seed():
    y = np.repeat([5, 2, 7], 20)
    rows = data.few_labels(y, 4, seed=0)
    assert np.array_equal(y[rows], np.tile([2, 5, 7], 4))
    assert np.array_equal(rows, data.few_labels(y, 4, seed=0))
    assert not np.array_equal(rows, data.few_labels(y, 4, seed=1))
