"""The proximal steps are minimisers, and training with them finds what penalties promise."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.optimize import minimize
from sklearn.linear_model import MultiTaskLasso

from course_lib.multitask import proximal, sharing

RATE, PENALTY = 0.2, 0.3


def row_norms(matrix):
    return np.linalg.norm(matrix, axis=1)


def singular_values(matrix):
    return np.linalg.svd(matrix, compute_uv=False)


PENALTIES = [
    (proximal.shrink_singular_values, singular_values),
    (proximal.shrink_rows, row_norms),
]


@pytest.mark.parametrize("threshold", [0.0, 0.7, 2.0, 100.0])
@pytest.mark.parametrize(("shrink", "sizes"), PENALTIES)
def test_a_step_takes_the_threshold_off_each_size(shrink, sizes, threshold):
    matrix = np.random.default_rng(0).normal(size=(6, 4)).astype("float32")
    shrunk = ops.convert_to_numpy(shrink(matrix, threshold))
    assert sizes(shrunk) == pytest.approx(np.maximum(sizes(matrix) - threshold, 0), abs=1e-5)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("shrink", "sizes"), PENALTIES)
def test_a_step_is_the_minimum_of_distance_plus_penalty(shrink, sizes, seed):
    matrix = np.random.default_rng(seed).normal(size=(4, 3))
    threshold, smooth = 0.8, 1e-5

    def objective(flat, smooth=0.0):
        x = flat.reshape(matrix.shape)
        penalty = np.sqrt(sizes(x) ** 2 + smooth**2).sum()
        return 0.5 * np.sum((x - matrix) ** 2) + threshold * penalty

    step = ops.convert_to_numpy(shrink(matrix.astype("float32"), threshold)).astype("float64")
    found = minimize(objective, matrix.ravel(), smooth, method="BFGS")
    assert objective(step.ravel()) <= objective(found.x) + 1e-6
    assert found.x.reshape(matrix.shape) == pytest.approx(step, abs=2e-2)


def test_rows_of_zeros_stay_zeros():
    assert np.array_equal(
        ops.convert_to_numpy(proximal.shrink_rows(np.zeros((2, 3)), 0.0)), [[0] * 3] * 2
    )


@pytest.mark.parametrize("shape", [(3, 5, 2), (5, 6)])
@pytest.mark.parametrize(
    ("constraint", "shrink"),
    [
        (proximal.LowRank, proximal.shrink_singular_values),
        (proximal.SharedRows, proximal.shrink_rows),
    ],
)
def test_a_constraint_sees_features_as_rows_and_all_tasks_weights_as_columns(
    constraint, shrink, shape
):
    kernel = np.random.default_rng(0).normal(size=shape).astype("float32")
    tasks = np.concatenate(kernel, axis=-1) if len(shape) == 3 else kernel
    steps = ops.convert_to_numpy(constraint(0.5)(kernel))
    steps = np.concatenate(steps, axis=-1) if len(shape) == 3 else steps
    assert steps == pytest.approx(ops.convert_to_numpy(shrink(tasks, 0.5)), abs=1e-6)


def test_a_threshold_below_zero_is_refused():
    with pytest.raises(ValueError, match="-1"):
        proximal.LowRank(-1)


def regression(weights, x, noise=0.3):
    """Rows of every task with the same inputs, in turn; labels of linear models with noise."""
    rows, tasks = len(x), weights.shape[1]
    y = x @ weights + noise * np.random.default_rng(1).normal(size=(rows, tasks))
    task = np.tile(np.arange(tasks), rows).astype("int32")
    return np.repeat(x, tasks, axis=0).astype("float32"), task, y.ravel().astype("float32"), y


def trained_weights(x, task, y, steps=200, **options):
    """Weights `(features, tasks)` after steps of plain SGD on all rows."""
    layer = sharing.TaskDense(
        task.max() + 1, 1, use_bias=False, kernel_initializer="zeros", **options
    )
    inputs = [keras.Input((x.shape[1],)), keras.Input((), dtype="int32")]
    model = keras.Model(inputs, layer(*inputs))
    model.compile(keras.optimizers.SGD(RATE), "mse", jit_compile=False, steps_per_execution=steps)
    again = [np.concatenate([part] * steps) for part in (x, task, y)]
    model.fit(again[:2], again[2], batch_size=len(y), shuffle=False, verbose=0)
    return ops.convert_to_numpy(layer.kernel)[..., 0].T


@pytest.fixture
def few_features():
    """Four tasks that all use features 0, 3 and 4 of eight."""
    rng = np.random.default_rng(0)
    weights = np.zeros((8, 4))
    weights[[0, 3, 4]] = rng.choice([-1, 1], (3, 4)) * rng.uniform(0.5, 2, (3, 4))
    return regression(weights, rng.normal(size=(40, 8)))


def test_shared_rows_find_the_features_and_the_weights_of_the_multi_task_lasso(few_features):
    x, task, y, labels = few_features
    weights = trained_weights(x, task, y, kernel_constraint=proximal.SharedRows(RATE * PENALTY))
    tasks = labels.shape[1]
    lasso = MultiTaskLasso(PENALTY * tasks / 2, fit_intercept=False, tol=1e-8)
    assert weights == pytest.approx(
        lasso.fit(x[::tasks].astype("float64"), labels).coef_.T, abs=1e-3
    )
    assert np.flatnonzero(row_norms(weights)).tolist() == [0, 3, 4]


def test_plain_steps_on_the_same_penalty_leave_no_exact_zeros(few_features):
    def penalty(kernel):
        return PENALTY * ops.sum(ops.sqrt(ops.sum(ops.square(kernel), axis=(0, 2)) + 1e-12))

    x, task, y, _ = few_features
    assert np.all(trained_weights(x, task, y, kernel_regularizer=penalty) != 0)


def test_low_rank_finds_the_rank_and_the_closed_form_of_orthogonal_features():
    """With xᵀx = rows · I it is the least-squares solution with shrunk singular values."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(8, 2)) @ rng.normal(size=(2, 6))
    x = np.linalg.qr(rng.normal(size=(64, 8)))[0] * np.sqrt(64)
    x, task, y, labels = regression(weights, x)
    found = trained_weights(x, task, y, kernel_constraint=proximal.LowRank(RATE * PENALTY))
    tasks = labels.shape[1]
    left, sizes, right = np.linalg.svd(x[::tasks].T @ labels / 64, full_matrices=False)
    closed = left * np.maximum(sizes - PENALTY * tasks / 2, 0) @ right
    assert found == pytest.approx(closed, abs=1e-3)
    assert np.linalg.matrix_rank(found, tol=1e-5) == 2 < np.linalg.matrix_rank(labels)


@pytest.mark.parametrize("constraint", [proximal.LowRank(0.1), proximal.SharedRows(0.1)])
def test_a_constrained_layer_can_be_saved_and_loaded(constraint, tmp_path):
    inputs = [keras.Input((4,)), keras.Input((), dtype="int32")]
    layer = sharing.TaskDense(3, 2, kernel_constraint=constraint)
    keras.Model(inputs, layer(*inputs)).save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras").layers[-1].kernel_constraint
    assert type(loaded) is type(constraint)
    assert loaded.threshold == constraint.threshold
