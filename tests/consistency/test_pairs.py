"""Losses on pairs and triplets: margins, zeros, and every triplet counted by hand."""

import numpy as np
import pytest
import tensorflow as tf

from course_lib.consistency import pairs

RNG = np.random.default_rng(0)


def slopes(function, *inputs):
    inputs = [tf.constant(np.asarray(x, "float32")) for x in inputs]
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(*inputs)
    return [slope.numpy() for slope in tape.gradient(value, inputs)]


def test_contrastive_loss_is_its_formula():
    first, second = RNG.normal(size=(2, 8, 3)).astype("float32") / 2
    same = RNG.integers(2, size=8)
    distance = np.linalg.norm(first - second, axis=1)
    apart = np.maximum(1.5 - distance, 0) ** 2
    expected = np.mean(same * distance**2 + (1 - same) * apart) / 2
    assert np.isclose(pairs.contrastive(first, second, same, margin=1.5), expected)


def test_what_differs_is_left_alone_beyond_the_margin():
    first, second = np.zeros((1, 2)), np.array([[3.0, 0.0]])
    slope, _ = slopes(lambda a, b: pairs.contrastive(a, b, [0], margin=2.0), first, second)
    assert np.all(slope == 0)
    slope, _ = slopes(lambda a, b: pairs.contrastive(a, b, [0], margin=4.0), first, second)
    assert np.allclose(slope, [[1.0, 0.0]])


def test_no_distance_gives_no_nan():
    same = np.zeros((2, 3))
    slope, _ = slopes(lambda a, b: pairs.contrastive(a, b, [0, 1]), same, same)
    assert np.all(slope == 0)


def test_a_collapsed_embedding_costs_the_margin():
    here = np.ones((5, 3))
    assert np.isclose(pairs.triplet(here, here, here, margin=0.7), 0.7)
    labels = np.array([0, 0, 1, 1, 1])
    assert np.isclose(pairs.semi_hard_triplet(labels, here.astype("float32"), margin=0.7), 0.7)


def test_slopes_of_a_triplet_sum_to_zero():
    anchor, positive, negative = RNG.normal(size=(3, 5, 4)) / 4
    found = slopes(pairs.triplet, anchor, positive, negative)
    assert np.abs(found[0]).max() > 0.01
    assert np.allclose(sum(found), 0, atol=1e-6)


def test_a_negative_far_enough_costs_nothing():
    anchor, far = np.zeros((1, 2)), np.array([[2.0, 0.0]])
    assert pairs.triplet(anchor, anchor, far, margin=1.0) == 0


def test_semi_hard_negatives_are_those_found_by_hand():
    embeddings = RNG.normal(size=(9, 3)).astype("float32")
    labels = np.array([0, 0, 0, 1, 1, 1, 1, 2, 2])
    distances = ((embeddings[:, None] - embeddings[None]) ** 2).sum(axis=2)
    hinges = []
    for a in range(9):
        for p in range(9):
            if a != p and labels[a] == labels[p]:
                negatives = distances[a, labels != labels[a]]
                farther = negatives[negatives > distances[a, p]]
                chosen = farther.min() if len(farther) else negatives.max()
                hinges.append(max(0.0, distances[a, p] - chosen + 1.0))
    found = pairs.semi_hard_triplet(labels[:, None], embeddings)
    assert np.isclose(found, np.mean(hinges), rtol=1e-5)


def test_a_batch_without_pairs_costs_nothing():
    embeddings = RNG.normal(size=(4, 2)).astype("float32")
    assert pairs.semi_hard_triplet(np.arange(4), embeddings) == 0
    assert pairs.semi_hard_triplet(np.zeros(4, int), embeddings) == 0


def test_distances_of_triplets_are_squared():
    anchor, positive, negative = np.zeros((1, 2)), np.array([[3.0, 0.0]]), np.array([[0.0, 2.0]])
    assert np.isclose(pairs.triplet(anchor, positive, negative, margin=1.0), 9 - 4 + 1)
    rows = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.5]], "float32")
    hinges = [9 - 12.25 + 4, 9 - (9 + 12.25) + 4]  # the second is below 0
    assert np.isclose(pairs.semi_hard_triplet(np.array([0, 0, 1]), rows, 4.0), hinges[0] / 2)


def test_squared_distances_are_those_of_all_pairs():
    x, y = RNG.normal(size=(4, 3)).astype("float32"), RNG.normal(size=(5, 3)).astype("float32")
    expected = ((x[:, None] - y[None]) ** 2).sum(axis=2)
    assert np.allclose(pairs.squared_distances(x, y), expected, atol=1e-5)
    far = np.full((1, 3), 1e3 + 0.1, "float32")
    assert pairs.squared_distances(far, far) >= 0


def test_nt_xent_looks_for_the_other_view_among_all_others():
    first, second = RNG.normal(size=(2, 5, 3)).astype("float32")
    both = np.concatenate([first, second])
    both /= np.linalg.norm(both, axis=1, keepdims=True)
    scores = both @ both.T / 0.3
    terms = []
    for row in range(10):
        others = np.delete(scores[row], row)
        terms.append(np.log(np.sum(np.exp(others))) - scores[row, (row + 5) % 10])
    assert np.isclose(pairs.nt_xent(first, second, 0.3), np.mean(terms), rtol=1e-5)
    assert np.isclose(pairs.nt_xent(2 * second, 3 * first, 0.3), np.mean(terms), rtol=1e-5)


def test_nt_xent_has_its_limits():
    same = np.ones((6, 4), "float32")
    assert np.isclose(pairs.nt_xent(same, same), np.log(11), rtol=1e-6)
    rows = RNG.normal(size=(6, 4)).astype("float32")
    assert np.isclose(pairs.nt_xent(rows, rows, 1e-3), 0, atol=1e-6)


def test_weights_of_rows_of_triplets_are_refused():
    loss = pairs.SemiHardTriplet(0.7)
    labels, rows = np.array([0, 0, 1]), RNG.normal(size=(3, 2)).astype("float32")
    assert np.isclose(loss(labels, rows), pairs.semi_hard_triplet(labels, rows, 0.7))
    with pytest.raises(ValueError, match="terms are triplets of rows"):
        loss(labels, rows, np.ones(3))
