import functools

import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from course_lib import gradients
from course_lib.gradients import steps
from course_lib.multitask import adaptive, architectures, relationships
from course_lib.multitask.balancing import (
    Balance,
    Balanced,
    DynamicWeightAverage,
    GradNorm,
    RandomWeights,
    SignDropout,
    TaskPrioritization,
    Uncertainty,
    last_shared_layer,
)
from course_lib.multitask.baselines import relative_gain
from course_lib.multitask.losses import Present

TASKS = ("age", "height")
GAUSSIAN = dict.fromkeys(TASKS, "gaussian")
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
    "random": lambda: RandomWeights(0),
    "uncertainty": lambda: Uncertainty(GAUSSIAN),
    "dwa": DynamicWeightAverage,
    "priority": lambda: TaskPrioritization({"age": "age_loss", "height": "height_loss"}),
    "gradnorm": GradNorm,
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
    _, history = fitted(GradNorm(), rows, architecture, rate=0.001, epochs=1)
    assert np.isfinite(history["loss"][0])
    assert history["age_weight"][0] != 1


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


def prepared(balance):
    balance.prepare(network(), TASKS)
    return balance


def test_uncertainty_finds_the_optimum_of_constant_losses():
    """s = log L for Gauss and Laplace; softmax: the weight is 1 / 2L, so e^s = 2L."""
    import tensorflow as tf

    for likelihoods, losses, expected in (
        (("gaussian", "softmax"), (0.5, 4.0), (0.5, 8.0)),
        (("laplace", "laplace"), (0.5, 4.0), (0.5, 4.0)),
    ):
        balance = prepared(Uncertainty(dict(zip(TASKS, likelihoods))))
        optimizer = keras.optimizers.SGD(0.5)
        for _ in range(100):
            with tf.GradientTape() as tape:
                loss = balance(np.array(losses, "float32"))
            optimizer.apply(tape.gradient(loss, [balance.log_scale.value]), [balance.log_scale])
        assert np.allclose(balance.log_scale, np.log(expected), atol=1e-3)
        started = prepared(Uncertainty(dict(zip(TASKS, likelihoods)), dict(zip(TASKS, losses))))
        assert np.allclose(started.log_scale, np.log(expected), atol=1e-6)


@pytest.mark.parametrize(
    ("name", "density"),
    [
        ("gaussian", lambda error, s: stats.norm.logpdf(error, scale=np.exp(s / 2))),
        ("laplace", lambda error, s: stats.laplace.logpdf(error, scale=np.exp(s))),
    ],
)
def test_uncertainty_is_a_negative_log_likelihood_but_for_a_constant(name, density):
    errors = np.random.default_rng(0).normal(size=50)
    loss = {"gaussian": np.mean(errors**2), "laplace": np.mean(np.abs(errors))}[name]
    balance = prepared(Uncertainty({"age": name, "height": "gaussian"}))
    found, expected = [], []
    for s in (-1.0, 0.5, 2.0):
        balance.log_scale.assign([s, 0.0])
        found.append(float(balance(np.array([loss, 0.0], "float32"))))
        expected.append(-np.mean(density(errors, s)))
    assert np.allclose(np.diff(found), np.diff(expected), atol=1e-4)


def test_directions_have_the_likelihood_of_von_mises_and_fisher():
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(50, 3)) + [0, 0, 2]
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    loss = np.mean(1 - directions[:, 2])
    balance = prepared(Uncertainty({"age": "von mises-fisher", "height": "gaussian"}))
    for kappa in (0.1, 1.0, 20.0):
        balance.log_scale.assign([-np.log(kappa), 0.0])
        density = stats.vonmises_fisher([0, 0, 1], kappa).logpdf(directions)
        found = float(balance(np.array([loss, 0.0], "float32"))) + np.log(2 * np.pi)
        assert found == pytest.approx(-np.mean(density), abs=1e-4)
        assert balance.weights_now()[0] == pytest.approx(kappa, rel=1e-5)


def test_uncertainty_never_weights_a_loss_negatively():
    balance = prepared(Uncertainty(GAUSSIAN))
    balance.log_scale.assign([-3.0, 5.0])
    assert np.allclose(balance.weights_now(), [np.exp(3) / 2, np.exp(-5) / 2], rtol=1e-5)


def test_uncertainty_learns_its_scales_along_with_the_network(rows):
    model, history = fitted(Uncertainty(GAUSSIAN), rows, rate=0.01)
    assert any(v is model.balance.log_scale for v in model.trainable_variables)
    assert history["height_weight"][-1] < 0.5 < history["age_weight"][-1]


def test_random_weights_are_drawn_for_each_step_and_used(rows):
    model, _ = fitted(RandomWeights(0), rows, rate=0.0, epochs=1)
    x, y = rows
    drawn = []
    for _ in range(5):
        logs = model.train_on_batch(x, y, return_dict=True)
        drawn.append(model.balance.weights_now())
        losses = ops.convert_to_numpy(model.losses_of_tasks(y, model(x)))
        model.reset_metrics()
        assert logs["loss"] == pytest.approx(np.sum(drawn[-1] * losses), rel=1e-4)
    assert len(np.unique(np.round(drawn, 6), axis=0)) == 5
    assert np.allclose(np.sum(drawn, axis=1), 2)
    found = model.evaluate(x, y, verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(found["age_loss"] + found["height_loss"], rel=1e-5)


def test_random_weights_are_one_on_average():
    balance = prepared(RandomWeights(0))
    drawn = []
    for _ in range(500):
        balance(np.ones(2, "float32"), training=True)
        drawn.append(balance.weights_now())
    assert np.allclose(np.mean(drawn, axis=0), 1, atol=0.1)
    assert np.std(drawn) > 0.2


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


def test_gradnorm_moves_down_its_loss_with_the_target_held_still():
    import tensorflow as tf

    balance = prepared(GradNorm(1.5, learning_rate=0.1))
    norms, ratios = np.array([4.0, 1.0], "float32"), np.array([0.5, 1.0], "float32")
    weights = tf.Variable([0.8, 1.2])
    with tf.GradientTape() as tape:
        target = tf.reduce_mean(weights * norms) * (ratios / np.mean(ratios)) ** 1.5
        loss = tf.reduce_sum(tf.abs(weights * norms - tf.stop_gradient(target)))
    moved = weights - 0.1 * tape.gradient(loss, weights) / np.mean(norms)
    expected = 2 * moved / tf.reduce_sum(moved)
    assert np.allclose(balance.moved(weights.numpy(), norms, ratios), expected, atol=1e-6)


def test_a_step_of_gradnorm_has_the_weights_from_before_and_all_penalties(rows):
    options = {"epochs": 1, "batch_size": 32, "architecture": architectures.soft}
    moved, history = fitted(GradNorm(), rows, **options)
    plain, expected = fitted(None, rows, **options)
    for found, other in zip(moved.network.get_weights(), plain.network.get_weights()):
        assert np.allclose(found, other, atol=1e-5)
    assert history["loss"] == pytest.approx(expected["loss"])
    assert history["age_weight"] != expected["age_weight"]


def test_the_ratios_of_gradnorm_are_over_the_first_losses():
    balance = prepared(GradNorm(alpha=1.0, learning_rate=0.1))
    norms = np.ones(2, "float32")
    balance.update(norms, np.array([0.0, 5.0], "float32"))  # no label of the first task yet
    assert np.allclose(balance.weights_now(), 1)
    balance.update(norms, np.array([2.0, 5.0], "float32"))
    assert np.allclose(balance.weights_now(), 1)
    balance.update(norms, np.array([1.0, 5.0], "float32"))  # the second task is slower
    assert np.allclose(balance.weights_now(), [0.9, 1.1])
    assert np.allclose(balance.first, [2.0, 5.0])


def test_the_last_shared_layer_of_a_stage_is_its_last_kernel():
    parts = lambda: [keras.layers.Dense(5, "relu"), keras.layers.BatchNormalization()]  # noqa: E731
    stages = [lambda name: keras.Sequential(parts(), name=name)] * 2
    heads = {task: lambda name: keras.layers.Dense(1, name=name) for task in TASKS}
    shared = architectures.shared(keras.Input((4,)), stages, heads)
    found = last_shared_layer(shared, TASKS)
    assert found is shared.get_layer("shared_1").layers[0]


def by_signs(inputs, stages, heads, **options):
    """Hard sharing with sign dropout below the heads."""
    features = architectures.trunk(inputs, stages)
    hidden = SignDropout(len(heads), name="signs", **options)(features)
    found = architectures.with_heads(inputs, hidden, heads, "by_signs")
    found.set_weights(network().get_weights())
    return found


@pytest.mark.parametrize("over_batch", [False, True])
def test_signs_kept_are_the_sum_in_expectation(over_batch):
    """Of each row's gradient, or of the sum over the batch times the feature's sign."""
    rng = np.random.default_rng(0)
    of_tasks = rng.normal(size=(3, 4, 5)).astype("float32")
    x = rng.normal(size=(4, 5)).astype("float32")
    layer = SignDropout(3, over_batch=over_batch)
    kept = np.zeros((4, 5))
    draws = (np.arange(2000) + 0.5) / 2000
    for u in draws:
        drawn = np.full((1 if over_batch else 4, 5), u, "float32")
        kept += np.asarray(layer.combined(of_tasks, x, drawn)) / len(draws)
    expected = of_tasks.sum(axis=0)
    if over_batch:
        kept, expected = (np.sum(v * np.sign(x), axis=0) for v in (kept, expected))
    assert np.allclose(kept, expected, atol=0.02)


def test_each_feature_keeps_the_tasks_of_one_sign_counted_over_the_batch():
    x = np.array([[1.0], [-1.0]], "float32")
    of_tasks = np.array([[[3.0], [1.0]], [[-1.0], [0.5]]], "float32")  # G = 3 − 1 and −1 − 0.5
    layer = SignDropout(2)
    chance = (1 + (2 - 1.5) / 3.5) / 2
    for drawn, kept in ((chance - 0.01, 0), (chance + 0.01, 1)):
        found = layer.combined(of_tasks, x, np.full((1, 1), drawn, "float32"))
        assert np.allclose(found, of_tasks[kept])


def test_a_leak_of_one_keeps_a_task_whole():
    rng = np.random.default_rng(0)
    of_tasks = rng.normal(size=(2, 3, 50)).astype("float32")
    x, drawn = np.ones((3, 50), "float32"), rng.random((1, 50)).astype("float32")
    leaking = np.asarray(SignDropout(2, leak=(1.0, 0.0)).combined(of_tasks, x, drawn))
    pure = np.asarray(SignDropout(2).combined(of_tasks, x, drawn))
    either = np.isclose(leaking, of_tasks[0]) | np.isclose(leaking, of_tasks.sum(axis=0))
    assert np.all(either)
    assert not np.allclose(leaking, pure)
    all_of_it = SignDropout(2, leak=1.0).combined(of_tasks, x, drawn)
    assert np.allclose(all_of_it, of_tasks.sum(axis=0))


def test_sign_dropout_reaches_the_trunk_and_leaves_heads_and_predictions_alone(rows):
    """One step: heads move as always; with a full leak the trunk does, too."""
    steps = {"epochs": 1, "batch_size": 32}
    plain, _ = fitted(None, rows, **steps)
    pure, _ = fitted(None, rows, functools.partial(by_signs, seed=0), **steps)
    full, _ = fitted(None, rows, functools.partial(by_signs, seed=0, leak=1.0), **steps)
    assert np.allclose(network(by_signs)(rows[0])["age"], network()(rows[0])["age"])
    for name in ("shared_0", "shared_1", "age_head", "height_head"):
        of_layer = [m.network.get_layer(name).get_weights() for m in (plain, pure, full)]
        assert np.allclose(of_layer[2][0], of_layer[0][0], atol=1e-5), name
        same = np.allclose(of_layer[1][0], of_layer[0][0], atol=1e-5)
        assert same == name.endswith("head"), name


def test_tasks_that_agree_lose_nothing_by_sign_dropout(rows):
    """The same head for the same task twice: all signs are the same."""
    same = {task: rows[1]["age"] for task in TASKS}
    ends = []
    for architecture in (by_signs, architectures.shared):
        model = Balanced(network(architecture))
        head = model.network.get_layer("age_head").get_weights()
        model.network.get_layer("height_head").set_weights(head)
        model.compile(keras.optimizers.SGD(0.05), MSE, jit_compile=False)
        model.fit(rows[0], same, epochs=2, batch_size=16, shuffle=False, verbose=0)
        ends.append(model.network.get_layer("shared_0").get_weights()[0])
    assert np.allclose(*ends, atol=1e-5)


def test_sign_dropout_is_saved_with_its_options():
    layer = SignDropout(3, leak=(0.0, 1.0, 0.5), over_batch=False, seed=1)
    again = SignDropout.from_config(layer.get_config())
    assert (again.heads, again.leak, again.over_batch) == (3, (0.0, 1.0, 0.5), False)


def test_penalties_are_part_of_the_loss(rows):
    model, history = fitted(None, rows, architectures.soft, epochs=1, batch_size=32, rate=0.0)
    model(rows[0], training=True)
    parts = history["age_loss"][0] + history["height_loss"][0]
    assert history["loss"][0] == pytest.approx(parts + float(sum(model.losses)), rel=1e-5)
    assert float(sum(model.losses)) > 0


def test_logged_weights_are_those_of_the_epoch_and_own_callbacks_are_kept(rows):
    """What `fit` logs are the weights that the epoch was trained with, not the next ones."""
    used, balance = [], DynamicWeightAverage()
    spy = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: used.append(balance.weights_now()[0])
    )
    _, history = fitted(balance, rows, epochs=4, callbacks=[spy])
    assert np.allclose(history["age_weight"], used[::2])
    assert len(set(np.round(history["age_weight"], 6))) >= 2


def test_weights_moved_after_an_epoch_are_used_in_the_next(rows):
    class Doubling(Balance):
        def after_epoch(self, logs):
            self.weight.assign(2 * self.weight)

    _, history = fitted(Doubling(), rows, rate=0.0)
    sums = np.add(history["age_loss"], history["height_loss"])
    assert np.allclose(history["loss"], sums * [1, 2, 4], rtol=1e-5)


def test_a_task_without_labels_has_no_part_in_the_step(rows):
    """NaN in place of all heights: the trunk and the other head move as if alone."""
    x, y = rows
    labels = {"age": y["age"], "height": np.full_like(y["height"], np.nan)}
    ends = []
    for given, weights in ((labels, None), (y, {"age": 1.0, "height": 0.0})):
        model = Balanced(network(), Balance(weights))
        model.compile(
            keras.optimizers.SGD(0.05), dict.fromkeys(TASKS, Present("mse")), jit_compile=False
        )
        model.fit(x, given, epochs=2, batch_size=16, shuffle=False, verbose=0)
        ends.append(model.network.get_weights())
    for found, expected in zip(*ends):
        assert np.allclose(found, expected, atol=1e-6)


def test_a_balance_belongs_to_one_model():
    balance = Balance()
    Balanced(network(), balance)
    with pytest.raises(ValueError, match="belongs to another model"):
        Balanced(network(), balance)


def test_wrong_names_are_named():
    with pytest.raises(ValueError, match=r"weights has \['age'\].*are \['age', 'height'\]"):
        Balanced(network(), Balance({"age": 1.0}))
    with pytest.raises(ValueError, match=r"likelihoods has \['weight'\]"):
        Balanced(network(), Uncertainty({"weight": "gaussian"}))
    with pytest.raises(ValueError, match=r"losses has \['age'\]"):
        Balanced(network(), Uncertainty(GAUSSIAN, {"age": 1.0}))
    with pytest.raises(ValueError, match=r"one of .*laplace.*, but got \['cauchy'\]"):
        Balanced(network(), Uncertainty(dict.fromkeys(TASKS, "cauchy")))
    with pytest.raises(ValueError, match=r"a loss for each of \['age', 'height'\]"):
        Balanced(network()).compile("sgd", "mse")


def test_other_backends_report_what_they_lack(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "numpy")
    with pytest.raises(NotImplementedError, match=r"need one of .*'torch'.* but .* is 'numpy'"):
        steps.by_tasks(None, None)
    with pytest.raises(NotImplementedError, match=r"needs the TensorFlow backend, but .* 'numpy'"):
        gradients.tape()


def test_relative_gain_is_the_mean_over_tasks_and_knows_the_better_direction():
    single = {"age": 2.0, "height": 0.5}
    directions = {"age": True, "height": False}
    assert relative_gain({"age": 1.0, "height": 0.5}, single, directions) == pytest.approx(0.25)
    assert relative_gain({"age": 2.0, "height": 0.4}, single, directions) == pytest.approx(-0.1)
    assert relative_gain(single, single, directions) == 0
    with pytest.raises(ValueError, match="the same tasks"):
        relative_gain({"age": 1.0}, single, directions)
