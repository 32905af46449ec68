"""How alike two modalities are: canonical correlation, and similarity of activations."""

from typing import NamedTuple

import numpy as np


class Correlated(NamedTuple):
    """Directions of two modalities that correlate.

    Attributes:
        correlations: From the largest to the smallest, `(components,)`.
        first: Directions of the first modality, `(features, components)`.
        second: Directions of the second one, `(other features, components)`.
    """

    correlations: np.ndarray
    first: np.ndarray
    second: np.ndarray


def _centred(x):
    x = np.asarray(x, "float64").reshape(len(x), -1)
    return x - x.mean(axis=0)


def _whitening(covariance):
    """Inverse square root of a symmetric matrix."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors / np.sqrt(values)) @ vectors.T


def correlate(x, y, components=None, regularization=1e-6):
    """Canonical correlation analysis: the singular values of Σ₁₁^-½ Σ₁₂ Σ₂₂^-½.

    Hotelling, "Relations between two sets of variates", Biometrika 28, 1936; as a loss, Andrew,
    Arora, Bilmes and Livescu, "Deep canonical correlation analysis", ICML 2013.

    Args:
        x: Features of one modality, `(rows, features)`.
        y: Features of another one for the same rows, `(rows, other features)`.
        components: How many pairs of directions to return; all if None.
        regularization: Part of the mean variance that is added to each variance.

    Returns:
        A `Correlated`.

    Raises:
        ValueError: if there are no more rows than features of both: then everything correlates
            perfectly.
    """
    x, y = _centred(x), _centred(y)
    rows, features = len(x), x.shape[1] + y.shape[1]
    if rows <= features:
        raise ValueError(
            f"Correlation of {features} features in all needs more rows than that, but got {rows}. "
            "Reduce the features first, for example by PCA."
        )
    own = []
    for values in (x, y):
        covariance = values.T @ values / (rows - 1)
        size = len(covariance)
        covariance += regularization * np.trace(covariance) / size * np.eye(size)
        own.append(_whitening(covariance))
    u, correlations, v = np.linalg.svd(own[0] @ (x.T @ y / (rows - 1)) @ own[1])
    number = len(correlations[:components])
    return Correlated(correlations[:number], own[0] @ u[:, :number], own[1] @ v.T[:, :number])


def cka(x, y):
    """Centred kernel alignment of two activations, with linear kernels: ‖XᵀY‖² / ‖XᵀX‖ ‖YᵀY‖.

    It does not change when activations are turned or scaled, but, unlike correlation, when single
    directions are. Kornblith, Norouzi, Lee and Hinton, "Similarity of neural network
    representations revisited", ICML 2019.

    Args:
        x: Activations, `(rows, units)` or with more axes.
        y: Other activations for the same rows.

    Returns:
        A float from 0 to 1.
    """
    x, y = _centred(x), _centred(y)
    return float(np.linalg.norm(x.T @ y) ** 2 / (np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)))


def merging_order(activations):
    """In which order to merge modalities: the most alike first.

    In the manner of Lu and Xu (2018); groups are as alike as their members are in the mean.

    Args:
        activations: Dictionary from each modality's name to its activations, `(rows, ...)`.

    Returns:
        List of merges, each a pair of tuples of names, the first merge first.
    """
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    names = list(activations)
    distances = [
        [0.0 if a == b else 1 - cka(activations[a], activations[b]) for b in names] for a in names
    ]
    groups, merges = [(name,) for name in names], []
    for first, second, *_ in linkage(squareform(np.array(distances), checks=False), "average"):
        merges.append((groups[int(first)], groups[int(second)]))
        groups.append(groups[int(first)] + groups[int(second)])
    return merges
