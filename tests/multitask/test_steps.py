"""One step of `fit` from the gradients of single tasks, against the same step written by hand."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from course_lib.multitask import architectures, balancing
from course_lib.multitask.balancing import Balanced
from course_lib.multitask.balancing.gramian import GramianBalance
from course_lib.multitask.losses import Present
from tests.contract.cases import multitask

TASKS = ("age", "height")
MSE = dict.fromkeys(TASKS, "mse")
RATE = 0.1


def network(architecture=architectures.shared):
    keras.utils.set_random_seed(0)
    stages = [lambda name: layers.Dense(6, "tanh", name=name)] * 2
    heads = {task: lambda name: layers.Dense(1, name=name) for task in TASKS}
    return architecture(keras.Input((4,)), stages, heads)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 4)).astype("float32")
    return x, {"age": x[:, :1] * x[:, 1:2], "height": 3 * x[:, 2:3]}


class Fixed(GramianBalance):
    """Coefficients that are given, so that a step can be written by hand."""

    found = (3.0, 0.5)

    def coefficients(self, gramian, present):
        return keras.ops.convert_to_tensor(self.found)


def stepped(balance, rows, architecture=architectures.shared, loss=MSE, **options):
    """A model after one step over all rows, eagerly, and its logs."""
    model = Balanced(network(architecture), balance)
    model.compile(keras.optimizers.SGD(RATE), loss, run_eagerly=True, jit_compile=False)
    history = model.fit(*rows, batch_size=len(rows[0]), verbose=0, **options).history
    return model, {name: values[0] for name, values in history.items()}


def by_hand(network, rows, weights=None):
    """Losses of the tasks and their gradients, plain TensorFlow."""
    x, y = rows
    weights = weights or dict.fromkeys(TASKS, 1.0)
    losses, gradients = [], []
    for task in TASKS:
        with tf.GradientTape() as tape:
            answers = network(x, training=True)
            loss = tf.reduce_mean(weights[task] * tf.square(answers[task] - y[task]))
        variables = [variable.value for variable in network.trainable_weights]
        found = tape.gradient(loss, variables, unconnected_gradients="zero")
        gradients.append([gradient.numpy() for gradient in found])
        losses.append(float(loss))
    return losses, gradients


def assert_stepped(model, start, gradients):
    for weight, before, gradient in zip(model.network.trainable_weights, start, gradients):
        expected = before - RATE * gradient
        np.testing.assert_allclose(np.array(weight), expected, 1e-4, 1e-6, err_msg=weight.path)


def test_shared_weights_follow_the_coefficients_and_own_ones_their_own_gradient(rows):
    plain = network()
    start = plain.get_weights()
    losses, (age, height) = by_hand(plain, rows)
    model, logs = stepped(Fixed(), rows)
    shared = ["_head" not in weight.path for weight in plain.trainable_weights]
    made = [3 * a + 0.5 * h if both else a + h for a, h, both in zip(age, height, shared)]
    assert_stepped(model, start, made)
    assert logs["loss"] == pytest.approx(3 * losses[0] + 0.5 * losses[1], rel=1e-4)
    assert [logs[f"{task}_loss"] for task in TASKS] == pytest.approx(losses, rel=1e-4)
    assert [logs[f"{task}_weight"] for task in TASKS] == [3.0, 0.5]


def test_the_gramian_is_that_of_the_gradients_of_shared_weights(rows):
    plain = network()
    _, of_tasks = by_hand(plain, rows)
    shared = [i for i, w in enumerate(plain.trainable_weights) if "_head" not in w.path]
    jacobian = np.stack([np.concatenate([g[i].ravel() for i in shared]) for g in of_tasks])
    seen = []

    class Spy(GramianBalance):
        def weights_of(self, gramian):
            seen.append(np.array(gramian))
            return super().weights_of(gramian)

        def coefficients(self, gramian, present):
            return present

    stepped(Spy(), rows)
    np.testing.assert_allclose(seen[0], jacobian @ jacobian.T, 1e-4)


def test_penalties_are_followed_as_they_are(rows):
    """Soft sharing adds λ Σ ‖W_i − W_j‖², which no coefficient weighs."""
    plain = network(architectures.soft)
    start = plain.get_weights()
    with tf.GradientTape() as tape:
        plain(rows[0], training=True)
        penalty = sum(plain.losses)
    variables = [variable.value for variable in plain.trainable_weights]
    slope = tape.gradient(penalty, variables, unconnected_gradients="zero")
    _, (age, height) = by_hand(plain, rows)
    model, logs = stepped(Fixed(), rows, architectures.soft)
    # The copies of a layer are weights of one layer, which all tasks go through.
    common = ["_head" not in weight.path for weight in plain.trainable_weights]
    made = [
        (3 * a + 0.5 * h if both else a + h) + s.numpy()
        for a, h, s, both in zip(age, height, slope, common)
    ]
    assert_stepped(model, start, made)
    losses = [logs[f"{task}_loss"] for task in TASKS]
    assert logs["loss"] == pytest.approx(3 * losses[0] + 0.5 * losses[1] + float(penalty), rel=1e-4)


def test_layers_of_some_tasks_are_shared_where_two_meet():
    heads = {task: lambda name: layers.Dense(1, name=name) for task in "abc"}
    inputs = keras.Input((4,))
    two = layers.Dense(3, name="two")(inputs)
    outputs = {
        "a": heads["a"]("a_head")(two),
        "b": heads["b"]("b_head")(two),
        "c": heads["c"]("c_head")(layers.Dense(3, name="alone")(inputs)),
    }
    model = Balanced(keras.Model(inputs, outputs), balancing.UPGrad())
    shared = {w.path for w in model.trainable_weights if id(w) in model.balance.shared}
    assert shared == {"two/kernel", "two/bias"}


def test_what_only_first_answers_share_is_shared():
    inputs = keras.Input((4,))
    first = layers.Dense(3, name="first")(inputs)
    outputs = {task: layers.Dense(1, name=f"{task}_head")(inputs) for task in TASKS}
    outputs |= {f"initial_{task}": layers.Dense(1, name=f"i_{task}")(first) for task in TASKS}
    model = Balanced(keras.Model(inputs, outputs), balancing.UPGrad())
    shared = {w.path for w in model.trainable_weights if id(w) in model.balance.shared}
    assert shared == {"first/kernel", "first/bias"}


@pytest.mark.parametrize("balance", [balancing.UPGrad, balancing.GradNorm])
def test_where_nothing_is_shared_there_is_nothing_to_balance(balance):
    with pytest.raises(ValueError, match="share no layer with weights"):
        Balanced(network(architectures.separate), balance())


def test_both_answers_of_a_task_are_its_own(rows):
    """PAD-Net's first heads belong to their tasks, and so does nothing but them."""
    model = Balanced(network(architectures.pad_net), balancing.UPGrad())
    own = {w.path for w in model.trainable_weights if id(w) not in model.balance.shared}
    heads = {f"{kind}{task}_head" for kind in ("", "initial_") for task in TASKS}
    assert {path.split("/")[-2] for path in own} == heads


@pytest.mark.parametrize("balance", [Fixed, balancing.GradNorm, balancing.FAMO])
def test_rows_have_weights_in_every_kind_of_step(balance, rows):
    """Weights of rows, another array for each task, in the losses and in the gradients."""
    rng = np.random.default_rng(1)
    weights = {task: rng.random(16).astype("float32") for task in TASKS}
    losses, _ = by_hand(network(), rows, {t: w[:, None] for t, w in weights.items()})
    _, logs = stepped(balance(), rows, sample_weight=weights)
    assert [logs[f"{task}_loss"] for task in TASKS] == pytest.approx(losses, rel=1e-4)


def test_a_step_that_overflows_moves_no_weight_of_a_balance(rows):
    x, y = rows
    for balance in (balancing.UPGrad(), balancing.GradNorm()):
        model, _ = stepped(balance, (x, {**y, "age": y["age"] + np.float32(1e30)}))
        assert np.all(np.isfinite(model.balance.weights_now()))
        assert np.array_equal(model.balance.weights_now(), [1, 1])


def test_famo_weighs_losses_by_their_size_and_what_is_learned(rows):
    balance = balancing.FAMO()
    balance.prepare(None, TASKS)
    balance.logits.assign([1.0, -0.5])
    losses = np.array([4.0, 0.5], "float32")
    share = np.exp([1.0, -0.5]) / np.exp([1.0, -0.5]).sum()
    over = share / losses
    expected = 2 * over / over.sum()
    assert float(balance(losses, training=True)) == pytest.approx(np.sum(expected * losses))
    assert np.allclose(balance.weights_now(), expected)
    assert np.allclose(balance.before, losses)


def test_famo_follows_the_gradient_of_log_losses(rows):
    """Its step is that of Σ z_t log L_t, but for the scale."""
    balance = balancing.FAMO()
    balance.prepare(None, TASKS)
    balance.logits.assign([1.0, -0.5])
    x = tf.Variable([2.0, 0.3])
    with tf.GradientTape(persistent=True) as tape:
        losses = tf.stack([x[0] ** 2 + x[1], x[1] ** 2 + 0.1 * x[0]])
        total = balance(losses, training=True)
        logs = tf.reduce_sum(tf.nn.softmax([1.0, -0.5]) * tf.math.log(losses))
    found, expected = tape.gradient(total, x).numpy(), tape.gradient(logs, x).numpy()
    assert np.allclose(found / found[0], expected / expected[0], rtol=1e-4)


def test_famo_moves_towards_what_fell_less():
    def moved(before, after, **options):
        balance = balancing.FAMO(**options)
        balance.prepare(None, TASKS)
        balance.logits.assign([0.4, -0.2])
        balance.before.assign(before)
        balance.after_step(np.array(after, "float32"))
        return np.array(balance.logits)

    assert np.allclose(moved([2, 6], [1, 3], decay=0.0), [0.4, -0.2], atol=1e-6)
    assert np.allclose(moved([0, 6], [1, 3], decay=0.0)[0] - 0.4, 0.025 * 0.2288 * np.log(2), 1e-2)
    share = np.exp([0.4, -0.2]) / np.exp([0.4, -0.2]).sum()
    jacobian = np.diag(share) - np.outer(share, share)
    fallen = np.log([2 / 1, 6 / 5])
    expected = np.array([0.4, -0.2]) - 0.1 * (jacobian @ fallen + 0.3 * np.array([0.4, -0.2]))
    found = moved([2, 6], [1, 5], learning_rate=0.1, decay=0.3)
    assert np.allclose(found, expected, atol=1e-5)


def test_famo_looks_at_the_same_batch_after_the_step_and_leaves_no_trace(rows):
    """The losses after the step, with batch normalisation in training mode, moved once."""
    inputs = keras.Input((4,))
    keras.utils.set_random_seed(0)
    h = layers.BatchNormalization(name="norm")(layers.Dense(5, name="shared_0")(inputs))
    outputs = {task: layers.Dense(1, name=f"{task}_head")(h) for task in TASKS}
    seen = []

    class Spy(balancing.FAMO):
        def after_step(self, losses):
            seen.append(np.array(losses))
            super().after_step(losses)

    model = Balanced(keras.Model(inputs, outputs), Spy())
    model.compile(keras.optimizers.SGD(RATE), MSE, run_eagerly=True, jit_compile=False)
    x, y = rows
    mean = np.array(model.network.get_layer("shared_0")(x)).mean(axis=0)
    model.fit(x, y, batch_size=16, verbose=0)
    norm = model.network.get_layer("norm")
    assert np.allclose(norm.moving_mean, 0.01 * mean, atol=1e-6)
    answers = model.network(x, training=True)
    after = [float(np.mean((np.array(answers[task]) - y[task]) ** 2)) for task in TASKS]
    assert np.allclose(seen[0], after, rtol=1e-4)
    assert not np.allclose(seen[0], model.balance.before, rtol=1e-3)


def test_labels_that_are_missing_are_named(rows):
    x, y = rows
    model = Balanced(network())
    model.compile("sgd", MSE, run_eagerly=True)
    with pytest.raises(ValueError, match=r"labels are of \['age'\].*\['height'\] are missing"):
        model.train_on_batch(x, {"age": y["age"]})


def test_first_losses_of_zero_are_refused():
    with pytest.raises(ValueError, match="must be above 0"):
        Balanced(
            network(),
            balancing.Uncertainty(dict.fromkeys(TASKS, "gaussian"), {"age": 0.0, "height": 1.0}),
        )


def test_a_task_without_labels_is_left_out_of_a_step_from_the_gramian(rows):
    x, y = rows
    labels = {**y, "height": np.full_like(y["height"], np.nan)}
    plain = network()
    start = plain.get_weights()
    _, (age, _) = by_hand(plain, rows)
    for balance in (balancing.UPGrad(), balancing.MGDA(), balancing.NashMTL()):
        model, logs = stepped(balance, (x, labels), loss=dict.fromkeys(TASKS, Present("mse")))
        assert_stepped(model, start, age)
        assert logs["age_weight"] == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize("architecture", multitask.ARCHITECTURES)
@pytest.mark.parametrize("balance", multitask.BALANCES)
def test_every_balance_trains_every_architecture_and_goes_on_when_loaded(
    balance, architecture, tmp_path
):
    """`tests/contract` has all promises for one trunk, and for UPGrad everywhere."""
    built = multitask.network(multitask.ARCHITECTURES[architecture])
    model = Balanced(built, multitask.BALANCES[balance](multitask.TASKS))
    model.compile(keras.optimizers.SGD(0.01), **multitask.MSE, run_eagerly=True, jit_compile=False)
    x, y = multitask.data(8)
    start = model.network.get_weights()
    model.fit(x, y, batch_size=4, verbose=0)
    assert any(not np.array_equal(a, b) for a, b in zip(start, model.network.get_weights()))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    loaded.run_eagerly = True
    for each in (model, loaded):
        each.train_on_batch(x, y)
    for one, other in zip(model.variables, loaded.variables):
        np.testing.assert_array_equal(np.array(one), np.array(other), err_msg=one.path)
        assert np.all(np.isfinite(np.array(one)))
