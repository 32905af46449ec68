"""Feature-representation transfer: source features are brought into the target's form.

Neither method sees a label: a classifier is trained on the source rows as they come back, and used
on target rows.
"""

import numpy as np


def _power(covariance, exponent):
    """A symmetric matrix with positive eigenvalues, raised to a power."""
    values, vectors = np.linalg.eigh(covariance)
    return (vectors * values**exponent) @ vectors.T


def coral(source, target, ridge=1.0):
    """Whitens source features, then colours them as the target's: x C_S^−½ C_T^½.

    Sun, Feng and Saenko, "Return of frustratingly easy domain adaptation", AAAI 2016. Both
    covariances C get `ridge` on their diagonal, 1 in the paper, which standardises features before.
    Means are moved, too, as standardising each domain would do.

    Args:
        source: Features of source rows, `(source rows, features)`.
        target: Features of target rows, `(target rows, features)`.
        ridge: What is added to each feature's variance, in its unit squared. With 0, mean and
            covariance become exactly the target's.

    Returns:
        Source features for a classifier that will see target features as they are,
        `(source rows, features)`.

    Raises:
        ValueError: if a covariance, with `ridge`, cannot be inverted.
    """
    source, target = np.asarray(source, "float64"), np.asarray(target, "float64")
    covariances = [np.cov(x, rowvar=False) + ridge * np.eye(x.shape[1]) for x in (source, target)]
    ranks = [int(np.linalg.matrix_rank(c, hermitian=True)) for c in covariances]
    if min(ranks) < source.shape[1]:
        raise ValueError(
            f"The covariances of source and target have ranks {ranks}, but {source.shape[1]} "
            "features need as much: give a `ridge` above zero, or fewer features."
        )
    whiten, colour = _power(covariances[0], -0.5), _power(covariances[1], 0.5)
    return (source - source.mean(axis=0)) @ whiten @ colour + target.mean(axis=0)


def subspace_alignment(source, target, dimensions):
    """Projects both domains on their principal components, and turns the source's to the target's.

    Fernando, Habrard, Sebban and Tuytelaars, "Unsupervised visual domain adaptation using subspace
    alignment", ICCV 2013. With the components P as columns, the source becomes x P_S (P_Sᵀ P_T),
    the target x P_T, both centred.

    Args:
        source: Features of source rows, `(source rows, features)`.
        target: Features of target rows, `(target rows, features)`.
        dimensions: Number of principal components.

    Returns:
        Aligned source and projected target, `(source rows, dimensions)` and
        `(target rows, dimensions)`.
    """
    source, target = source - np.mean(source, axis=0), target - np.mean(target, axis=0)
    of_source, of_target = (
        np.linalg.svd(x, full_matrices=False)[2][:dimensions].T for x in (source, target)
    )
    return source @ of_source @ (of_source.T @ of_target), target @ of_target
