"""Losses on pairs and triplets: margins, zeros, and every triplet counted by hand."""

import numpy as np
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
