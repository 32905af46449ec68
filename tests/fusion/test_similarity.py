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
