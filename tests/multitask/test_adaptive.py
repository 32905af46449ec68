"""Matching pursuit, grouping and branching, each held to its formula or to an identity."""

import keras
import numpy as np
import pytest
from keras import ops

from course_lib.multitask import adaptive, architectures

TASKS = ["age", "age_again", "height", "weight"]
TOGETHER = [TASKS]


@pytest.fixture
def parts():
    stages = [lambda name: keras.layers.Dense(3, "relu", name=name)] * 2
    heads = dict.fromkeys(TASKS, lambda name: keras.layers.Dense(1, name=name))
    return keras.Input((5,)), stages, heads


@pytest.fixture
def x():
    return np.random.default_rng(0).normal(size=(20, 5)).astype("float32")


def outputs(model, x):
    return {task: ops.convert_to_numpy(y) for task, y in model(x).items()}


def same(left, right):
    return all(np.allclose(left[task], right[task], atol=1e-6) for task in left)


@pytest.mark.parametrize("width", [3, 5])
def test_matching_pursuit_is_exact_where_the_rank_is_no_larger_than_the_width(width):
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(12, 3)) @ rng.normal(size=(3, 7))
    rows, coefficients = adaptive.simultaneous_matching_pursuit(matrix, width)
    assert len(set(rows.tolist())) == width
    assert coefficients @ matrix[rows] == pytest.approx(matrix, abs=1e-10)


def test_matching_pursuit_fits_and_does_better_with_each_row():
    matrix = np.random.default_rng(1).normal(size=(10, 8))
    left = []
    for width in range(1, 9):
        rows, coefficients = adaptive.simultaneous_matching_pursuit(matrix, width)
        rest = matrix - coefficients @ matrix[rows]
        assert rest @ matrix[rows].T == pytest.approx(0, abs=1e-9)
        left.append(np.linalg.norm(rest))
    assert np.all(np.diff(left) < 0)
    assert left[-1] == pytest.approx(0, abs=1e-9)


def test_matching_pursuit_takes_the_rows_that_the_others_repeat():
    rng = np.random.default_rng(0)
    matrix = np.repeat(rng.normal(size=(3, 20)), [4, 3, 2], axis=0)
    rows, _ = adaptive.simultaneous_matching_pursuit(matrix, 3)
    assert sorted(np.array([0] * 4 + [1] * 3 + [2] * 2)[rows]) == [0, 1, 2]


def test_matching_pursuit_goes_by_directions_and_not_by_lengths():
    """Ten rows point along one line, either way; one long row points elsewhere."""
    line, other = np.array([1.0, 0.2, 0.0]), np.array([0.0, 0.0, 5.0])
    signs = np.resize([1, -1], 10)[:, None]
    matrix = np.concatenate([signs * line, other[None]])
    rows, _ = adaptive.simultaneous_matching_pursuit(matrix, 1)
    assert rows[0] < 10


@pytest.mark.parametrize("width", [0, 4])
def test_matching_pursuit_refuses_more_rows_than_there_are(width):
    with pytest.raises(ValueError, match="3 rows"):
        adaptive.simultaneous_matching_pursuit(np.eye(3), width)


@pytest.mark.parametrize("kind", [keras.layers.Dense, keras.layers.Conv2D])
def test_a_thin_linear_layer_of_low_rank_loses_nothing(kind):
    rng = np.random.default_rng(0)
    options = {} if kind is keras.layers.Dense else {"kernel_size": 3}
    wide = keras.Sequential([kind(8, **options), kind(2, **options)])
    wide.build((None, 6, 6, 4))
    mixture = rng.normal(size=(3, 8))
    first, following = wide.layers
    kernel = rng.normal(size=(*first.kernel.shape[:-1], 3)) @ mixture
    bias = rng.normal(size=3) @ mixture
    first.set_weights([kernel, bias])
    thin = keras.Sequential([kind(3, **options), kind(2, **options)])
    thin.build((None, 6, 6, 4))
    kernel, bias, next_kernel = adaptive.thin(
        kernel, bias, ops.convert_to_numpy(following.kernel), width=3
    )
    thin.layers[0].set_weights([kernel, bias])
    thin.layers[1].set_weights([next_kernel, following.bias])
    x = rng.normal(size=(2, 6, 6, 4)).astype("float32")
    assert np.allclose(wide(x), thin(x), atol=1e-3)


def test_the_bias_is_matched_along_with_the_weights():
    """Two units of the same weights differ in their bias alone: both are kept."""
    rng = np.random.default_rng(0)
    kernel, bias, following = (
        rng.normal(size=(4, 3)),
        np.array([1.0, 2, 3]),
        rng.normal(size=(3, 2)),
    )
    kernel[:, 1] = kernel[:, 0]
    kernel[:, 2] = 0.3 * kernel[:, 0]
    x = rng.normal(size=(6, 4))
    thin_kernel, thin_bias, thin_following = adaptive.thin(kernel, bias, following, width=2)
    found = (x @ thin_kernel + thin_bias) @ thin_following
    assert found == pytest.approx((x @ kernel + bias) @ following)


def test_an_example_is_difficult_from_the_mean_error_on():
    """Of each task's own errors, and not from the median on; at the mean itself it is difficult."""
    errors = np.array([[0, 20], [0, 20], [1, 20], [3, 24], [1, 21]], "float64")
    difficult = np.array([[0, 0], [0, 0], [1, 0], [1, 1], [1, 1]], bool)
    assert adaptive.affinity(errors)[0, 1] == np.mean(difficult[:, 0] == difficult[:, 1])


def test_affinity_is_how_often_examples_are_simple_or_difficult_for_both():
    errors = np.array([[0, 0, 9], [0, 0, 9], [4, 1, 0], [4, 1, 0], [4, 0, 9]])
    assert adaptive.affinity(errors) == pytest.approx(
        np.array([[1, 0.8, 0.2], [0.8, 1, 0], [0.2, 0, 1]])
    )


@pytest.mark.parametrize("shares", [(0.5, 0.1), (0.1, 0.1), (0.1, 0.8)])
def test_affinity_of_unrelated_errors_is_chance_and_not_always_one_half(shares):
    errors = np.random.default_rng(0).random(size=(20000, 2)) < shares
    expected = np.prod(shares) + np.prod(1 - np.array(shares))
    assert adaptive.affinity(errors)[0, 1] == pytest.approx(expected, abs=0.02)
    assert adaptive.chance_affinity(errors)[0, 1] == pytest.approx(expected, abs=0.02)
    assert adaptive.chance_affinity(errors).diagonal() == pytest.approx(1)
    assert (0.5 in shares) == (expected == pytest.approx(0.5))


def test_chance_affinity_counts_present_labels_only():
    errors = np.array([[0, 0], [4, 4], [4, np.nan], [np.nan, 1.0]])
    expected = 2 / 3 * 1 / 3 + 1 / 3 * 2 / 3
    assert adaptive.chance_affinity(errors)[0, 1] == pytest.approx(expected)


def test_affinity_compares_tasks_where_both_have_labels():
    errors = np.array([[0, 0], [4, 4], [4, np.nan], [np.nan, 1.0]])
    assert adaptive.affinity(errors)[0, 1] == 1
    errors[:2, 0] = np.nan
    with pytest.raises(ValueError, match=r"\(0, 1\)"):
        adaptive.affinity(errors)


def test_affinity_of_branches_is_the_mean_of_lowest_affinities():
    tasks = np.array([[1, 0.9, 0.3], [0.9, 1, 0.5], [0.3, 0.5, 1]])
    expected = ((0.3 + 0.5) / 2 + 0.3) / 2
    assert adaptive.branch_affinity(tasks, [[0, 1], [2]]) == pytest.approx(
        np.array([[1, expected], [expected, 1]])
    )


@pytest.mark.parametrize(
    ("cost", "groups"),
    [(0.01, [[0], [1], [2], [3]]), (0.1, [[0, 2], [1, 3]]), (10, [[0, 1, 2, 3]])],
)
def test_groups_are_as_many_as_cost_least(cost, groups):
    affinities = np.array(
        [[1, 0.5, 0.9, 0.5], [0.5, 1, 0.5, 0.9], [0.9, 0.5, 1, 0.5], [0.5, 0.9, 0.5, 1]]
    )
    assert adaptive.group(affinities, cost) == groups
    assert adaptive.group(affinities, 2 * cost, separation_weight=2) == groups


@pytest.mark.parametrize(("cost", "together"), [(0.29, False), (0.31, True)])
def test_two_branches_part_below_one_minus_the_cost(cost, together):
    affinities = np.array([[1, 0.7], [0.7, 1]])
    assert (len(adaptive.group(affinities, cost)) == 1) == together


@pytest.mark.parametrize(("weight", "together"), [(1, True), (2, False)])
def test_two_branches_part_sooner_where_separation_weighs_more(weight, together):
    """Below 1 − cost / weight: with an affinity of 0.7 and a cost of 0.5 at ½, or at ¾."""
    affinities = np.array([[1, 0.7], [0.7, 1]])
    assert (len(adaptive.group(affinities, 0.5, separation_weight=weight)) == 1) == together


def test_one_group_is_the_plain_shared_network(parts, x):
    tree = adaptive.branched(*parts, [TOGETHER, TOGETHER])
    plain = architectures.shared(*parts)
    plain.set_weights(tree.get_weights())
    assert same(outputs(tree, x), outputs(plain, x))


def test_a_tree_is_its_formula(parts, x):
    """Each task goes through the layers of its groups, in whatever order groups are named."""
    groups = [
        [["weight"], ["age", "height", "age_again"]],
        [["weight"], ["height"], ["age_again", "age"]],
    ]
    tree = adaptive.branched(*parts, groups)
    rng = np.random.default_rng(1)
    tree.set_weights([rng.normal(size=w.shape) for w in tree.get_weights()])
    for task, found in outputs(tree, x).items():
        h = x
        for stage, partition in enumerate(groups):
            (number,) = [n for n, members in enumerate(partition) if task in members]
            h = tree.get_layer(f"stage_{stage}_group_{number}")(h)
        expected = tree.get_layer(f"{task}_head")(h)
        assert np.allclose(found, expected, atol=1e-5), task


def test_groups_of_one_task_are_separate_networks(parts, x):
    tree = adaptive.branched(*parts, [[[task] for task in TASKS]] * 2)
    plain = architectures.separate(*parts)
    assert tree.count_params() == plain.count_params()
    before = outputs(tree, x)
    tree.get_layer("stage_0_group_1").set_weights([np.zeros((5, 3)), np.zeros(3)])
    changed = [task for task, y in outputs(tree, x).items() if not np.allclose(y, before[task])]
    assert changed == [TASKS[1]]


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([TOGETHER], "2 stages"),
        ([TOGETHER, [TASKS[:2]]], "stage 1"),
        ([[TASKS[:2], TASKS[2:]], TOGETHER], "parted"),
    ],
)
def test_groups_that_are_no_tree_are_refused(parts, groups, message):
    with pytest.raises(ValueError, match=message):
        adaptive.branched(*parts, groups)


def test_branching_changes_no_output_until_the_branches_are_trained(parts, x):
    groups = [TOGETHER, [TASKS[:3], TASKS[3:]]]
    finer = [[TASKS[:3], TASKS[3:]], [TASKS[:2], TASKS[2:3], TASKS[3:]]]
    tree, wider = adaptive.branched(*parts, groups), adaptive.branched(*parts, finer)
    assert not same(outputs(tree, x), outputs(wider, x))
    adaptive.carry_over(tree, groups, wider, finer)
    assert same(outputs(tree, x), outputs(wider, x))


def test_a_branch_takes_its_parents_weights_along_with_what_is_not_trained(x):
    """Batch normalisation has averages, which are no trainable weights."""
    stages = [lambda name: keras.Sequential([keras.layers.BatchNormalization()], name=name)]
    heads = dict.fromkeys(TASKS, lambda name: keras.layers.Dense(1, name=name))
    groups, finer = [TOGETHER], [[TASKS[:1], TASKS[1:]]]
    tree = adaptive.branched(keras.Input((5,)), stages, heads, groups)
    wider = adaptive.branched(keras.Input((5,)), stages, heads, finer)
    tree(5 + 3 * x, training=True)
    adaptive.carry_over(tree, groups, wider, finer)
    assert same(outputs(tree, x), outputs(wider, x))


def test_widening_goes_one_stage_down_at_a_time_and_stops_where_branches_stay_together():
    """Errors by script: two equal tasks, and two that agree on three quarters of the examples."""
    stages = [lambda name: keras.layers.Dense(2, name=name)] * 4
    heads = dict.fromkeys(TASKS, lambda name: keras.layers.Dense(1, name=name))
    numbers = ["11110000", "11110000", "11001100", "10001101"]
    errors = np.array([list(row) for row in numbers], "float32").T
    trained, judged = [], []

    def judge(model):
        judged.append(model)
        return errors

    model, groups = adaptive.widen(
        keras.Input((5,)), stages, heads, trained.append, judge, branch_cost=[0.8, 0.8, 0.3, 0.1]
    )
    pairs = [TASKS[:2], TASKS[2:]]
    assert groups == [TOGETHER, TOGETHER, pairs, [TASKS[:2], TASKS[2:3], TASKS[3:]]]
    assert len(trained) == 3
    assert judged == trained
    assert model is trained[-1]


def test_a_wider_network_starts_with_the_weights_of_the_trained_one(parts, x):
    """Errors by script; what `train` sees last answers as what it left before."""
    keras.utils.set_random_seed(0)
    answered = []

    def train(model):
        answered.append(outputs(model, x))
        rng = np.random.default_rng(len(answered))
        model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
        answered.append(outputs(model, x))

    errors = np.eye(4)[np.resize(np.arange(4), 20)]
    adaptive.widen(*parts, train, lambda model: errors, branch_cost=0.1)
    assert len(answered) > 2
    for left, taken_up in zip(answered[1::2], answered[2::2]):
        assert same(left, taken_up)


@pytest.mark.slow
def test_duplicated_tasks_stay_in_one_branch_and_unrelated_ones_part(parts):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 5)).astype("float32")
    own = np.sin(2 * x @ rng.normal(size=(5, 3))) + 0.3 * rng.normal(size=(200, 3))
    labels = dict(zip(TASKS, own[:, [0, 0, 1, 2]].astype("float32").T))
    started, ended = [], []

    def errors(model):
        found = outputs(model, x)
        return np.stack([np.abs(found[task][:, 0] - labels[task]) for task in TASKS], axis=1)

    def train(model):
        started.append(errors(model))
        model.compile(
            keras.optimizers.Adam(0.01),
            dict.fromkeys(TASKS, "mse"),
            jit_compile=False,
            steps_per_execution=50,
        )
        model.fit(x, labels, batch_size=4, epochs=3, verbose=0)
        ended.append(errors(model))

    model, groups = adaptive.widen(*parts, train, errors, branch_cost=[10, 0.1])
    assert groups == [TOGETHER, [TASKS[:2], TASKS[2:3], TASKS[3:]]]
    assert started[1] == pytest.approx(ended[0], abs=1e-5)
    assert set(model.output) == set(TASKS)
