"""The metric against its definition, and the graph against scikit-learn's."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.semi_supervised import LabelSpreading

from course_lib.transfer import relations


@pytest.fixture(scope="module")
def digits():
    """300 scanned digits from 0 to 4 and 300 from 5 to 9, 8 by 8 pixels, from 0 to 1."""
    x, y = load_digits(return_X_y=True)
    return [(x[rows][:300] / 16, y[rows][:300]) for rows in (y < 5, y >= 5)]


@pytest.fixture(scope="module")
def few_labels(digits):
    """Classes of the digits from 5 to 9, hidden (-1) but for three of each."""
    _, y = digits[1]
    rank = np.array([np.sum(y[:i] == c) for i, c in enumerate(y)])
    return np.where(rank < 3, y, -1)


def spread(metric, gamma, x, labels):
    kernel = relations.similarity(metric, gamma)
    return LabelSpreading(kernel=kernel).fit(x, labels)


def test_the_metric_makes_the_differences_inside_classes_round(digits):
    x, y = digits[0]
    metric = relations.same_class_metric(x, y, ridge=0.01)
    inside = x - np.stack([x[y == c].mean(axis=0) for c in range(5)])[y]
    spread_inside = inside.T @ inside / len(x) + 0.01 * np.eye(64)
    root = np.linalg.cholesky(metric)
    assert np.allclose(root.T @ spread_inside @ root, np.eye(64))


def test_the_metric_knows_classes_by_their_relation_alone(digits):
    x, y = digits[0]
    names = np.array(["e", "d", "c", "b", "a"])[y]
    order = np.random.default_rng(0).permutation(len(x))
    expected = relations.same_class_metric(x, y, 0.01)
    assert np.allclose(relations.same_class_metric(x[order], names[order], 0.01), expected)


def test_similarity_is_that_of_mahalanobis_distances(digits):
    (x, y), (others, _) = digits
    metric = relations.same_class_metric(x, y, 0.01)
    found = relations.similarity(metric, gamma=0.02)(x[:4], others[:3])
    for i in range(4):
        for j in range(3):
            difference = x[i] - others[j]
            assert found[i, j] == pytest.approx(np.exp(-0.02 * difference @ metric @ difference))


def test_the_identity_gives_plain_label_spreading(digits, few_labels):
    x, _ = digits[1]
    ours = spread(np.eye(64), 3.0, x, few_labels)
    plain = LabelSpreading(kernel="rbf", gamma=3.0).fit(x, few_labels)
    assert np.allclose(ours.label_distributions_, plain.label_distributions_)
    assert np.allclose(ours.predict_proba(x[:5] + 0.01), plain.predict_proba(x[:5] + 0.01))


def test_identical_domains_give_the_identical_result(digits, few_labels):
    """Learned on the target's own relation, or on the same from a source: the same graph."""
    x, y = digits[1]
    own = relations.same_class_metric(x, y, 0.01)
    from_source = relations.same_class_metric(x.copy(), y - 5, 0.01)
    results = [spread(m, 0.01, x, few_labels).label_distributions_ for m in (own, from_source)]
    assert np.array_equal(*results)


def test_what_does_not_matter_inside_source_classes_is_overlooked(digits, few_labels):
    """Light from the side drowns the digits; the source's classes tell that it means nothing."""
    rng = np.random.default_rng(0)
    slope = np.tile(np.linspace(-1, 1, 8), 8)
    (source, y_source), (x, y) = ((x + rng.normal(size=(300, 1)) * slope, y) for x, y in digits)
    metric = relations.same_class_metric(source, y_source, 0.1)
    right = [
        np.mean(spread(m, gamma, x, few_labels).transduction_ == y)
        for m, gamma in ((np.eye(64), 1.0), (metric, 0.15))
    ]
    assert right[1] > right[0] + 0.2


def test_a_metric_that_cannot_be_had_is_refused():
    x, y = np.array([[0.0, 1.0], [1.0, 1.0], [0.0, 5.0], [2.0, 5.0]]), [0, 0, 1, 1]
    with pytest.raises(ValueError, match="rank 1, but 2 features"):
        relations.same_class_metric(x, y)
