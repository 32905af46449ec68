import numpy as np
import pytest
from scipy.stats import ortho_group
from sklearn.cross_decomposition import CCA

from course_lib.fusion import similarity


@pytest.fixture
def modalities():
    """Two modalities that share two of their directions."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(300, 2))
    x = np.hstack([shared + 0.3 * rng.normal(size=(300, 2)), rng.normal(size=(300, 3))])
    y = np.hstack([shared + 0.6 * rng.normal(size=(300, 2)), rng.normal(size=(300, 2))])
    return x @ rng.normal(size=(5, 5)), y @ rng.normal(size=(4, 4))


def test_correlations_are_those_of_scikit_learn(modalities):
    x, y = modalities
    ours = similarity.correlate(x, y, components=2, regularization=0.0)
    theirs = CCA(n_components=2, max_iter=5000, tol=1e-10).fit_transform(x, y)
    by_them = [np.corrcoef(a, b)[0, 1] for a, b in zip(theirs[0].T, theirs[1].T)]
    assert np.allclose(ours.correlations, by_them, atol=1e-4)


def test_directions_correlate_as_much_as_they_are_said_to(modalities):
    x, y = modalities
    found = similarity.correlate(x, y, regularization=0.0)
    pairs = zip((x @ found.first).T, (y @ found.second).T)
    assert np.allclose([np.corrcoef(*pair)[0, 1] for pair in pairs], found.correlations)


def test_correlation_does_not_change_with_any_linear_map(modalities):
    x, y = modalities
    rng = np.random.default_rng(1)
    changed = x @ rng.normal(size=(5, 5)) + 3, 7 * y @ rng.normal(size=(4, 4))
    before, after = (similarity.correlate(*pair, regularization=0.0) for pair in ((x, y), changed))
    assert np.allclose(before.correlations, after.correlations)


def test_too_few_rows_are_refused(modalities):
    x, y = modalities
    with pytest.raises(ValueError, match=r"Correlation of 9 features in all needs.*got 9"):
        similarity.correlate(x[:9], y[:9])


def test_alignment_is_one_with_itself_turned_scaled_and_moved(modalities):
    x, _ = modalities
    turned = 3 * x @ ortho_group.rvs(5, random_state=0) + 100
    assert similarity.cka(x, x) == pytest.approx(1)
    assert similarity.cka(x, turned) == pytest.approx(1), "Not centred, this would not hold."


def test_alignment_changes_with_a_single_direction(modalities):
    x, _ = modalities
    assert similarity.cka(x, x * [30, 1, 1, 1, 1]) < 0.95


def test_alignment_of_what_is_independent_is_small():
    rng = np.random.default_rng(0)
    assert similarity.cka(rng.normal(size=(2000, 4)), rng.normal(size=(2000, 3))) < 0.02


def test_what_is_most_alike_is_merged_first(modalities):
    x, y = modalities
    rng = np.random.default_rng(2)
    merges = similarity.merging_order(
        {"noise": rng.normal(size=(300, 3)), "x": x, "like x": x + 0.1, "y": y}
    )
    assert set(merges[0]) == {("x",), ("like x",)}
    assert len(merges) == 3
    assert set(merges[-1][0] + merges[-1][1]) == {"noise", "x", "like x", "y"}


@pytest.mark.parametrize(
    ("far", "second"),
    [
        # With the mean of both, c is 0.45 like a and b, less than it is like d.
        (0.1, {("c",), ("d",)}),  # by the most similar pair it would be merged with a and b
        (0.3, {("a", "b"), ("c",)}),  # by the least similar one, with d
    ],
)
def test_groups_are_as_alike_as_their_members_in_the_mean(far, second, monkeypatch):
    alike = {"ab": 0.9, "ac": 0.8, "bc": far, "cd": 0.5, "ad": 0.0, "bd": 0.0}
    monkeypatch.setattr(similarity, "cka", lambda a, b: alike["".join(sorted(a + b))])
    merges = similarity.merging_order({name: name for name in "abcd"})
    assert set(merges[0]) == {("a",), ("b",)}
    assert set(merges[1]) == second


def test_alignment_is_its_formula(modalities):
    x, y = (values - values.mean(axis=0) for values in modalities)
    kernels = x @ x.T, y @ y.T
    expected = np.sum(kernels[0] * kernels[1]) / np.prod([np.linalg.norm(k) for k in kernels])
    assert similarity.cka(*modalities) == pytest.approx(expected)


def test_activations_may_have_more_axes(modalities):
    x, y = modalities
    maps = np.hstack([x, x[:, :1]]).reshape(300, 3, 2)
    assert similarity.cka(maps, y) == pytest.approx(similarity.cka(np.hstack([x, x[:, :1]]), y))


def test_regularization_is_a_part_of_the_mean_variance(modalities):
    x, y = modalities
    ours = similarity.correlate(x, y, components=1, regularization=0.5)
    parts = []
    for values in (x, y):
        covariance = np.cov(values.T)
        size = len(covariance)
        parts.append(covariance + 0.5 * np.trace(covariance) / size * np.eye(size))
    across = np.cov(x.T, y.T)[:5, 5:]
    squared = np.linalg.solve(parts[0], across) @ np.linalg.solve(parts[1], across.T)
    assert ours.correlations[0] == pytest.approx(np.sqrt(np.linalg.eigvals(squared).real.max()))
    assert ours.first.shape == (5, 1)
    assert ours.second.shape == (4, 1)
