"""Covariances after CORAL, and identical domains."""

import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.decomposition import PCA

from course_lib.transfer import representations


@pytest.fixture
def domains():
    """Two domains of five correlated features with means and covariances of their own."""
    rng = np.random.default_rng(0)
    source, target = (rng.normal(size=(n, 5)) @ rng.normal(size=(5, 5)) for n in (80, 60))
    return source + 3, target - 1


def test_after_coral_mean_and_covariance_are_the_targets(domains):
    source, target = domains
    aligned = representations.coral(source, target, ridge=0)
    assert np.allclose(aligned.mean(axis=0), target.mean(axis=0))
    assert np.allclose(np.cov(aligned, rowvar=False), np.cov(target, rowvar=False))


def test_with_a_ridge_the_map_takes_one_covariance_to_the_other(domains):
    """A of x A fulfils Aᵀ (C_S + r I) A = C_T + r I, as in the paper for r = 1."""
    source, target = domains
    aligned = representations.coral(source, target, ridge=1.0)
    moved = np.linalg.lstsq(source - source.mean(axis=0), aligned - aligned.mean(axis=0))[0]
    of_source, of_target = (np.cov(x, rowvar=False) + np.eye(5) for x in domains)
    assert np.allclose(moved.T @ of_source @ moved, of_target)


@pytest.mark.parametrize("ridge", [0.0, 1.0])
def test_coral_leaves_identical_domains_alone(domains, ridge):
    source, _ = domains
    assert np.allclose(representations.coral(source, source, ridge), source)


def test_coral_refuses_a_covariance_that_cannot_be_inverted(domains):
    source, target = domains
    source[:, 0] = 7  # a pixel that is always white
    with pytest.raises(ValueError, match=r"ranks \[4, 5\], but 5 features"):
        representations.coral(source, target, ridge=0)
    assert np.all(np.isfinite(representations.coral(source, target, ridge=0.1)))


def test_alignment_projects_identical_domains_alike(domains):
    source, _ = domains
    aligned, projected = representations.subspace_alignment(source, source, dimensions=3)
    assert np.allclose(aligned, projected)
    assert np.allclose(np.abs(aligned), np.abs(PCA(3).fit_transform(source)))


def test_alignment_with_all_dimensions_is_a_rotation(domains):
    source, target = domains
    aligned, projected = representations.subspace_alignment(source, target, dimensions=5)
    for before, after in ((source, aligned), (target, projected)):
        before = before - before.mean(axis=0)
        assert np.allclose(after @ after.T, before @ before.T)


def test_alignment_does_not_depend_on_how_features_are_turned(domains):
    source, target = domains
    turn = ortho_group.rvs(5, random_state=0)
    aligned, projected = representations.subspace_alignment(source, target, 3)
    turned = representations.subspace_alignment(source @ turn, target @ turn, 3)
    assert np.allclose(np.abs(turned[0]), np.abs(aligned))
    assert np.allclose(turned[0] @ turned[1].T, aligned @ projected.T)
