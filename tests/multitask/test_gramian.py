"""The formulas from the Gramian of gradients, by NumPy and SciPy; and the steps made of them."""

import functools

import keras
import numpy as np
import pytest
from scipy import optimize

from course_lib.multitask.balancing import (
    IMTLG,
    MGDA,
    AlignedMTL,
    CAGrad,
    NashMTL,
    PCGrad,
    UPGrad,
)

BALANCES = {
    "PCGrad": lambda: PCGrad(seed=0),
    "MGDA": MGDA,
    "UPGrad": UPGrad,
    "CAGrad": CAGrad,
    "IMTL-G": IMTLG,
    "Nash-MTL": NashMTL,
    "Aligned-MTL": AlignedMTL,
}
CAGRADS = {c: functools.partial(CAGrad, c) for c in (0.0, 0.2, 0.5)}
EACH = pytest.mark.parametrize("name", BALANCES)
# Two tasks that pull against each other and a third one, which is longer.
CONFLICT = np.array([[1.0, 0.0, 0.5], [-0.6, 0.9, 0.0], [0.4, -1.0, 2.0]])
RANDOM = [np.random.default_rng(seed).normal(size=(4, 6)) for seed in range(5)]


@functools.cache
def compiled(make, tasks):
    """A balance for a number of tasks, and its formula as one graph."""
    import tensorflow as tf

    balance = make()
    balance.tasks = tuple("abcdefgh"[:tasks])
    if isinstance(balance, NashMTL):
        balance.residual = balance.variable("residual", [0.0])
    return balance, tf.function(balance.weights_of)


def coefficients(make, jacobian):
    """Coefficients for gradients, `(tasks, numbers)`."""
    _, formula = compiled(make, len(jacobian))
    return formula(np.asarray(jacobian @ jacobian.T, "float32")).numpy()


def direction(make, jacobian):
    return coefficients(make, jacobian) @ jacobian


@EACH
def test_equal_gradients_are_left_as_they_are(name):
    """Two equal tasks agree: all take the plain sum's direction, CAGrad a step longer by c."""
    found = direction(BALANCES[name], np.array([[3.0, 4.0], [3.0, 4.0]]))
    length = 3.0 if name == "CAGrad" else 2.0
    assert np.allclose(found, length * np.array([3.0, 4.0]), rtol=2e-3), name


@EACH
def test_gradients_at_right_angles_and_of_one_length_are_left_as_they_are(name):
    found = coefficients(BALANCES[name], 2 * np.eye(3))
    assert np.allclose(found, 1.5 if name == "CAGrad" else 1.0, atol=2e-3), name


@EACH
def test_a_task_without_labels_changes_no_other_coefficient(name):
    """Its gradient is zero. (Two tasks that conflict have but one order for PCGrad to draw.)"""
    two = CONFLICT[:2]
    with_third = np.insert(two, 1, 0, axis=0)
    found = coefficients(BALANCES[name], with_third)
    assert np.allclose(found[[0, 2]], coefficients(BALANCES[name], two), atol=2e-3)
    assert found[1] == 1
    assert np.all(np.isfinite(coefficients(BALANCES[name], np.zeros((2, 3)))))


@EACH
def test_one_task_is_followed_as_it_is(name):
    found = coefficients(BALANCES[name], np.array([[3.0, 4.0]]))
    assert np.allclose(found, 1.5 if name == "CAGrad" else 1.0, atol=2e-3)


@EACH
def test_the_order_of_tasks_does_not_matter(name):
    if name == "PCGrad":
        pytest.skip("PCGrad draws an order; two tasks have one each, which is tested below")
    order = [2, 0, 1]
    found = coefficients(BALANCES[name], CONFLICT[order])
    assert np.allclose(found, coefficients(BALANCES[name], CONFLICT)[order], atol=2e-3)


def test_two_tasks_without_conflict_are_summed_by_pcgrad_and_upgrad():
    jacobian = np.array([[1.0, 0.2], [0.5, 3.0]])
    for make in (PCGrad, UPGrad):
        assert np.allclose(coefficients(make, jacobian), 1, atol=1e-5)


def test_pcgrad_takes_off_what_points_against_the_other():
    one, other = CONFLICT[:2]
    product = one @ other
    assert product < 0
    expected = (one - product / (other @ other) * other) + (other - product / (one @ one) * one)
    for make in (PCGrad, UPGrad):
        found = direction(make, CONFLICT[:2])
        assert np.allclose(found, expected, atol=1e-5)
        assert min(found @ one, found @ other) >= -1e-6


def pcgrad(jacobian, orders):
    """The paper's loop, for given orders of the other tasks."""
    total = np.zeros(jacobian.shape[1])
    for gradient, order in zip(jacobian, orders):
        gradient = gradient.copy()
        for other in order:
            product = gradient @ jacobian[other]
            if product < 0:
                gradient -= product / (jacobian[other] @ jacobian[other]) * jacobian[other]
        total += gradient
    return total


def test_pcgrad_projects_on_the_gradients_themselves_in_a_random_order():
    """Every draw is one of the paper's results, and several of them come up."""
    orders = [[(1, 2), (2, 1)], [(0, 2), (2, 0)], [(0, 1), (1, 0)]]
    possible = [
        pcgrad(CONFLICT, [a, b, c]) for a in orders[0] for b in orders[1] for c in orders[2]
    ]
    seen = set()
    for _ in range(30):
        found = direction(BALANCES["PCGrad"], CONFLICT)
        fits = [i for i, each in enumerate(possible) if np.allclose(found, each, atol=1e-5)]
        assert fits
        seen.add(fits[0])
    assert len(seen) > 1


@pytest.mark.parametrize("jacobian", RANDOM)
def test_mgda_is_the_shortest_vector_between_the_gradients(jacobian):
    found = direction(MGDA, jacobian) / len(jacobian)
    products = jacobian @ found
    assert np.all(products >= found @ found * (1 - 1e-3) - 1e-4)
    best = optimize.minimize(
        lambda a: np.sum((a @ jacobian) ** 2),
        np.full(len(jacobian), 1 / len(jacobian)),
        bounds=[(0, 1)] * len(jacobian),
        constraints={"type": "eq", "fun": lambda a: a.sum() - 1},
    )
    assert found @ found == pytest.approx(best.fun, rel=2e-3, abs=1e-3)


@pytest.mark.parametrize(
    "jacobian", [CONFLICT[:2], np.array([[1.0, 0.0], [3.0, 0.1]]), np.array([[2.0, 1], [-1, 3]])]
)
def test_mgda_of_two_tasks_has_a_closed_form(jacobian):
    one, other = jacobian
    share = np.clip((other - one) @ other / np.sum((one - other) ** 2), 0, 1)
    assert np.allclose(coefficients(MGDA, jacobian), [2 * share, 2 - 2 * share], atol=1e-3)


@pytest.mark.parametrize("jacobian", [CONFLICT, *RANDOM])
def test_upgrad_projects_each_gradient_on_the_cone_without_conflict(jacobian):
    found = direction(UPGrad, jacobian)
    assert np.all(jacobian @ found >= -1e-3 * np.abs(jacobian @ jacobian.T).max())
    expected = 0
    for gradient in jacobian:  # the projection is what least squares with u ≥ 0 leaves
        u, _ = optimize.nnls(jacobian.T, -gradient)
        expected = expected + gradient + u @ jacobian
    assert np.allclose(found, expected, atol=2e-3)


@pytest.mark.parametrize("jacobian", [CONFLICT, *RANDOM])
@pytest.mark.parametrize("c", [0.2, 0.5])
def test_cagrad_helps_the_worst_task_as_far_as_it_may(jacobian, c):
    mean = jacobian.mean(axis=0)
    radius = c * np.linalg.norm(mean)
    found = direction(CAGRADS[c], jacobian) / len(jacobian)
    assert np.linalg.norm(found - mean) <= radius * (1 + 1e-3)
    best = optimize.minimize(
        lambda d: -d[-1],
        [*mean, np.min(jacobian @ mean)],
        constraints=[
            {"type": "ineq", "fun": lambda d: jacobian @ d[:-1] - d[-1]},
            {"type": "ineq", "fun": lambda d: radius**2 - np.sum((d[:-1] - mean) ** 2)},
        ],
        options={"maxiter": 300},
    )
    assert np.min(jacobian @ found) == pytest.approx(-best.fun, abs=2e-3 * np.abs(best.fun) + 2e-3)


def test_cagrad_with_c_of_0_is_the_mean_and_from_1_on_refused():
    assert np.allclose(coefficients(CAGRADS[0.0], CONFLICT), 1, atol=1e-3)
    with pytest.raises(ValueError, match=r"from 0 to below 1, but got 1"):
        CAGrad(1)


@pytest.mark.parametrize("jacobian", [CONFLICT, *RANDOM])
def test_imtl_g_has_equal_projections_on_all_unit_gradients(jacobian):
    found = coefficients(IMTLG, jacobian)
    assert found.sum() == pytest.approx(len(jacobian), rel=1e-3)
    unit = jacobian / np.linalg.norm(jacobian, axis=1, keepdims=True)
    projections = unit @ (found @ jacobian)
    assert np.allclose(projections, projections[0], rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("jacobian", [CONFLICT, *RANDOM])
def test_nash_solves_its_equation(jacobian):
    a = coefficients(NashMTL, jacobian)
    assert a.min() > 0
    assert a.sum() == pytest.approx(len(jacobian), rel=1e-4)
    gains = a * (jacobian @ jacobian.T @ a)
    assert np.allclose(gains / gains.mean(), 1, atol=1e-2)
    balance, _ = compiled(NashMTL, len(jacobian))
    assert keras.ops.convert_to_numpy(balance.residual)[0] < 1e-2


def test_nash_weighs_gradients_at_right_angles_by_their_lengths():
    found = coefficients(NashMTL, np.diag([1.0, 2.0, 4.0]))
    assert np.allclose(found, 3 * np.array([4, 2, 1]) / 7, atol=1e-3)


def test_nash_reports_an_equation_that_it_did_not_solve():
    make = functools.partial(NashMTL, sweeps=1, tolerance=1e-3)
    coefficients(make, CONFLICT)
    balance, _ = compiled(make, 3)
    with pytest.warns(UserWarning, match="give it more sweeps"):
        balance.after_epoch({})


@pytest.mark.parametrize("name", ["IMTL-G", "Nash-MTL"])
def test_units_of_losses_cancel(name):
    """A loss in another unit gets the inverse of its factor, but for the common scale."""
    factors = np.array([1.0, 10.0, 0.1])
    one = direction(BALANCES[name], CONFLICT)
    other = direction(BALANCES[name], CONFLICT * factors[:, None])
    assert np.allclose(one / np.linalg.norm(one), other / np.linalg.norm(other), atol=1e-2)


def test_aligned_gradients_have_the_smallest_singular_value_everywhere():
    for jacobian in RANDOM:
        left, values, right = np.linalg.svd(jacobian, full_matrices=False)
        expected = np.ones(len(jacobian)) @ (left * values[-1]) @ right
        assert np.allclose(direction(AlignedMTL, jacobian), expected, atol=5e-3)


def test_alignment_leaves_out_directions_that_are_rounding():
    """The third gradient is the sum of two others: rank two, so the second value counts."""
    jacobian = np.array([[1.0, 0, 0], [0, 2.0, 0], [1.0, 2.0, 0]])
    left, values, right = np.linalg.svd(jacobian)
    expected = values[1] * np.ones(3) @ left[:, :2] @ right[:2]
    assert np.allclose(direction(AlignedMTL, jacobian), expected, atol=1e-3)
