import functools

import keras
import numpy as np
import pytest

from course_lib.metrics import relative_gain
from course_lib.multitask import adaptive, architectures, gradients, relationships
from course_lib.multitask.balancing import (
    Balance,
    Balanced,
    DynamicWeightAverage,
    GradNorm,
    SignDropout,
    TaskPrioritization,
    Uncertainty,
    last_shared_layer,
)

TASKS = ("age", "height")
MSE = {task: "mse" for task in TASKS}


def network(architecture=architectures.shared):
    keras.utils.set_random_seed(0)
    stages = [lambda name: keras.layers.Dense(6, "tanh", name=name)] * 2
    heads = {task: lambda name: keras.layers.Dense(1, name=name) for task in TASKS}
    return architecture(keras.Input((4,)), stages, heads)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 4)).astype("float32")
    return x, {"age": x[:, :1] * x[:, 1:2], "height": 10 * x[:, 2:3]}


def fitted(balance, rows, architecture=architectures.shared, rate=0.05, **options):
    """The model after a few steps of plain descent, and its history."""
    model = Balanced(network(architecture), balance)
    model.compile(keras.optimizers.SGD(rate), MSE, jit_compile=False)
    options = {"epochs": 3, "batch_size": 16, "shuffle": False, "verbose": 0, **options}
    return model, model.fit(*rows, **options).history


BALANCES = {
    "equal": Balance,
    "tuned": lambda: Balance({"age": 3.0, "height": 0.1}),
    "uncertainty": Uncertainty,
    "dwa": DynamicWeightAverage,
    "priority": lambda: TaskPrioritization({"age": "age_loss", "height": "height_loss"}),
    "gradnorm": GradNorm,
    "signs": lambda: SignDropout(0),
}


@pytest.mark.parametrize("name", BALANCES)
def test_every_balance_trains_and_logs_its_losses_and_weights(name, rows):
    model, history = fitted(BALANCES[name](), rows, rate=0.001)
    assert {f"{task}_{what}" for task in TASKS for what in ("loss", "weight")} <= set(history)
    assert np.all(np.isfinite(history["loss"]))
    assert set(model.predict(rows[0], verbose=0)) == set(TASKS)


@pytest.mark.parametrize(
    "architecture",
    [
        architectures.soft,
        architectures.cross_stitch,
        architectures.mtan,
        architectures.pad_net,
        functools.partial(relationships.relationship_network, units=[6]),
        functools.partial(adaptive.branched, groups=[[TASKS], [TASKS[:1], TASKS[1:]]]),
    ],
)
def test_gradients_can_be_balanced_in_every_architecture_that_shares(architecture, rows):
    for balance in (GradNorm(), SignDropout(0)):
        _, history = fitted(balance, rows, architecture, rate=0.001, epochs=1)
        assert np.isfinite(history["loss"][0])


def test_tuned_weights_are_keras_loss_weights(rows):
    weights = {"age": 3.0, "height": 0.1}
    model, _ = fitted(Balance(weights), rows)
    plain = network()
    plain.compile(keras.optimizers.SGD(0.05), MSE, loss_weights=weights, jit_compile=False)
    plain.fit(*rows, epochs=3, batch_size=16, shuffle=False, verbose=0)
    for found, expected in zip(model.network.get_weights(), plain.get_weights()):
        assert np.allclose(found, expected, atol=1e-5)


def test_both_answers_of_pad_net_are_trained(rows):
    model, _ = fitted(None, rows, architectures.pad_net, epochs=1)
    y_pred = model(rows[0], training=True)
    found = [float(loss) for loss in model.losses_of_tasks(rows[1], y_pred)]
    for loss, task in zip(found, TASKS):
        errors = [
            np.mean((np.asarray(y_pred[name]) - rows[1][task]) ** 2)
            for name in (task, f"initial_{task}")
        ]
        assert loss == pytest.approx(sum(errors), rel=1e-4)


def test_uncertainty_finds_the_logarithm_of_a_constant_loss():
    """Regression: s = log L. Classification: the weight is 1 / 2L, so e^s = 2L."""
    constants = np.array([0.5, 4.0], "float32")
    balance = Uncertainty(["height"])
    balance.prepare(network(), TASKS)
    import tensorflow as tf

    optimizer = keras.optimizers.SGD(0.8)
    for _ in range(60):
        with tf.GradientTape() as tape:
            loss = balance(constants)
        optimizer.apply(tape.gradient(loss, [balance.log_variance.value]), [balance.log_variance])
    assert np.allclose(balance.log_variance, np.log([0.5, 8.0]), atol=1e-3)
    assert np.allclose(balance.weights_now(), [1, 1 / 8], atol=1e-3)


def test_uncertainty_never_weighs_a_loss_negatively_and_its_first_value_is_the_formula():
    balance = Uncertainty()
    balance.prepare(network(), TASKS)
    assert float(balance(np.array([0.5, 4.0]))) == pytest.approx(2.25)
    balance.log_variance.assign([-3.0, 5.0])
    assert np.all(balance.weights_now() > 0)
    expected = 0.5 / (2 * np.exp(-3)) + 4 / (2 * np.exp(5)) + (-3 + 5) / 2
    assert float(balance(np.array([0.5, 4.0]))) == pytest.approx(expected, rel=1e-5)


def test_dynamic_weights_start_at_one_and_follow_their_formula():
    balance = DynamicWeightAverage(temperature=2.0)
    balance.prepare(network(), TASKS)
    paths = [(1.0, 1.0), (0.5, 0.9), (0.4, 0.3)]
    found = [balance.weights_now()]
    for age, height in paths:
        balance.after_epoch({"age_loss": age, "height_loss": height})
        found.append(balance.weights_now())
    assert np.allclose(found[:2], 1)
    for e in (1, 2):
        ratio = np.exp(np.divide(paths[e], paths[e - 1]) / 2)
        assert np.allclose(found[e + 1], 2 * ratio / ratio.sum(), atol=1e-6)
    assert np.allclose(np.sum(found, axis=1), 2)


def test_the_first_two_epochs_of_dynamic_weights_are_equal_weights(rows):
    _, history = fitted(DynamicWeightAverage(), rows)
    assert history["age_weight"][:2] == [1, 1]
    assert history["age_weight"][2] != 1


def test_a_task_done_well_loses_its_priority():
    balance = TaskPrioritization({"age": "a", "height": "h"}, gamma=2, momentum=0.5)
    balance.prepare(network(), TASKS)
    balance.after_epoch({"a": 1.0, "h": 0.2})
    assert balance.weights_now()[0] == pytest.approx(0, abs=1e-6)
    assert balance.weights_now()[1] == pytest.approx(-(0.8**2) * np.log(0.2), rel=1e-5)
    balance.after_epoch({"a": 1.0, "h": 0.6})
    assert balance.weights_now()[1] == pytest.approx(-(0.6**2) * np.log(0.4), rel=1e-5)


def test_a_task_that_fails_wholly_keeps_a_finite_priority():
    balance = TaskPrioritization({"age": "a", "height": "h"}, floor=0.01)
    balance.prepare(network(), TASKS)
    balance.after_epoch({"a": 0.0, "h": 0.5})
    assert balance.weights_now()[0] == pytest.approx(-0.99 * np.log(0.01), rel=1e-5)


def test_a_measure_that_is_not_logged_is_named(rows):
    with pytest.raises(ValueError, match=r"have no \['age_accuracy'\].*add metrics to compile"):
        fitted(TaskPrioritization({"age": "age_accuracy", "height": "height_loss"}), rows)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_gradnorm_ends_where_weighted_norms_are_in_proportion(alpha):
    """Norms and ratios that stay: w_t is in proportion to r_t^α / ‖g_t‖."""
    balance = GradNorm(alpha, learning_rate=0.02)
    balance.prepare(network(), TASKS)
    norms, ratios = np.array([4.0, 1.0], "float32"), np.array([0.5, 1.0], "float32")
    weights = np.ones(2, "float32")
    for _ in range(200):
        weights = np.asarray(balance.moved(weights, norms, ratios))
    expected = ratios**alpha / norms
    assert np.allclose(weights, 2 * expected / expected.sum(), atol=0.05)


def test_gradnorm_measures_the_last_shared_layer(rows):
    """One step from equal weights, by hand: norms of the gradients at the last shared layer."""
    import tensorflow as tf

    x, y = rows
    _, history = fitted(GradNorm(1.5, learning_rate=0.1), rows, epochs=1, batch_size=32)
    fresh = network()
    assert last_shared_layer(fresh, TASKS).name == "shared_1"
    variables = [v.value for v in fresh.get_layer("shared_1").trainable_weights]
    norms = []
    for task in TASKS:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((fresh(x)[task] - y[task]) ** 2)
        norms.append(tf.linalg.global_norm(tape.gradient(loss, variables)).numpy())
    slower = np.sign(norms - np.mean(norms)) * norms / np.mean(norms)
    moved = 1 - 0.1 * slower
    found = [history[f"{task}_weight"][-1] for task in TASKS]
    assert np.allclose(found, 2 * moved / moved.sum(), atol=1e-4)


def test_where_nothing_is_shared_gradnorm_says_so():
    with pytest.raises(ValueError, match="share no layer with weights"):
        Balanced(network(architectures.separate), GradNorm())


def test_signs_kept_are_the_sum_in_expectation():
    of_tasks = np.array([[1.0, -2, 0, 3], [2, 1, 0, -3], [-1, -1, 0, 1]], "float32")
    draws = np.repeat(of_tasks[:, None], 20_000, axis=1)
    kept = np.mean(np.asarray(SignDropout(0).kept(draws)), axis=0)
    assert np.allclose(kept, of_tasks.sum(axis=0), atol=0.1)


def test_each_entry_keeps_one_sign():
    of_tasks = np.random.default_rng(0).normal(size=(3, 50)).astype("float32")
    kept = np.asarray(SignDropout(0).kept(of_tasks))
    parts = np.stack([np.maximum(of_tasks, 0).sum(axis=0), np.minimum(of_tasks, 0).sum(axis=0)])
    assert np.all(np.isclose(kept, parts).any(axis=0))


def test_tasks_that_agree_and_weights_of_one_task_lose_nothing(rows):
    """Both tasks the same: the steps are those of the sum of losses."""
    same = {task: rows[1]["age"] for task in TASKS}
    dropped, _ = fitted(SignDropout(0), (rows[0], same), architectures.separate)
    plain, _ = fitted(None, (rows[0], same), architectures.separate)
    for found, expected in zip(dropped.network.get_weights(), plain.network.get_weights()):
        assert np.allclose(found, expected, atol=1e-5)


def test_penalties_are_part_of_the_step_of_gradient_balances(rows):
    """Separate networks with soft penalties: what the penalty adds is the same for both."""
    dropped, _ = fitted(SignDropout(0), rows, architectures.soft, rate=0.001, epochs=1)
    plain, _ = fitted(None, rows, architectures.soft, rate=0.001, epochs=1)
    for found, expected in zip(dropped.network.get_weights(), plain.network.get_weights()):
        assert np.allclose(found, expected, atol=1e-5)


def test_a_balance_belongs_to_one_model():
    balance = Balance()
    Balanced(network(), balance)
    with pytest.raises(ValueError, match="belongs to another model"):
        Balanced(network(), balance)


def test_wrong_names_are_named():
    with pytest.raises(ValueError, match=r"given for \['age'\].*are \['age', 'height'\]"):
        Balanced(network(), Balance({"age": 1.0}))
    with pytest.raises(ValueError, match=r"names \['weight'\]"):
        Balanced(network(), Uncertainty(["weight"]))
    with pytest.raises(ValueError, match=r"a loss for each of \['age', 'height'\]"):
        Balanced(network()).compile("sgd", "mse")


def test_other_backends_are_told_what_they_lack(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(NotImplementedError, match="need the TensorFlow backend, but it is 'jax'"):
        gradients.tape()


def test_relative_gain_is_the_mean_over_tasks_and_knows_the_better_direction():
    single = {"age": 2.0, "height": 0.5}
    directions = {"age": True, "height": False}
    assert relative_gain({"age": 1.0, "height": 0.5}, single, directions) == pytest.approx(0.25)
    assert relative_gain({"age": 2.0, "height": 0.4}, single, directions) == pytest.approx(-0.1)
    assert relative_gain(single, single, directions) == 0
    with pytest.raises(ValueError, match="the same tasks"):
        relative_gain({"age": 1.0}, single, directions)
