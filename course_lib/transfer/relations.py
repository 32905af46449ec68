"""Relational transfer: what moves is how instances relate, here which of them are the same thing.

The classes of the source may all be strangers to the target. What they teach is in which ways two
pictures of the same thing differ; a graph over target rows that overlooks such differences carries
a few labels a long way.
"""

import numpy as np
from scipy.spatial.distance import cdist


def same_class_metric(x, y, ridge=0.0):
    """A metric that makes little of differences inside classes: M = (C + ridge I)⁻¹.

    Relevant component analysis (Bar-Hillel, Hertz, Shental and Weinshall, ICML 2003): C is the
    covariance of rows around the mean of their class. Only the relation "same class" is used; what
    the classes are called, and which they are, plays no part.

    Args:
        x: Features, `(rows, features)`.
        y: Classes, `(rows,)`.
        ridge: What is added to each feature's variance, in its unit squared.

    Returns:
        The matrix M of the squared distance (a − b)ᵀ M (a − b), `(features, features)`.

    Raises:
        ValueError: if C, with `ridge`, cannot be inverted.
    """
    x, y = np.asarray(x, "float64"), np.asarray(y)
    inside = np.concatenate([x[y == c] - x[y == c].mean(axis=0) for c in np.unique(y)])
    covariance = inside.T @ inside / len(x) + ridge * np.eye(x.shape[1])
    if (rank := np.linalg.matrix_rank(covariance, hermitian=True)) < x.shape[1]:
        raise ValueError(
            f"The covariance inside classes has rank {rank}, but {x.shape[1]} features need as "
            "much: give a `ridge` above zero, or fewer features."
        )
    return np.linalg.inv(covariance)


def similarity(metric, gamma):
    """Similarity exp(−γ (a − b)ᵀ M (a − b)), for scikit-learn's `LabelSpreading(kernel=...)`.

    Args:
        metric: Matrix M, `(features, features)`, symmetric and positive definite; the identity for
            plain label spreading.
        gamma: γ. With `same_class_metric`, two rows of a class are on average at a squared
            distance of twice the number of features.

    Returns:
        A function of two arrays, `(rows, features)` and `(other rows, features)`, that returns
        similarities from 0 to 1, `(rows, other rows)`.

    Example:
        >>> alike = similarity(np.eye(2), gamma=1.0)
        >>> alike(np.zeros((1, 2)), np.array([[0.0, 0.0], [30.0, 40.0]]))
        array([[1., 0.]])
    """
    root = np.linalg.cholesky(metric)
    return lambda a, b: np.exp(-gamma * cdist(a @ root, b @ root, "sqeuclidean"))
