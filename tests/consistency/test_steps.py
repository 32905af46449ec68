"""One step of every method: the loss and the new weights are those computed by hand in NumPy.

The network is linear, logits x W + b, so that the gradient of a loss whose slopes with respect to
the logits are g is xᵀ g. Slopes of the targets are left out, as the formulas stop them.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from course_lib.consistency import methods
from course_lib.consistency.methods import mixing

RATE, ROWS, OTHERS, CLASSES = 0.5, 6, 8, 3
RNG = np.random.default_rng(3)
X, FIRST, SECOND = (RNG.normal(size=(rows, 5)).astype("float32") for rows in (ROWS, OTHERS, OTHERS))
Y = np.array([0, 1, 2, 0, 1, 2])
LOG = np.log


def softmax(z):
    exponentials = np.exp(z - z.max(axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


class Linear:
    """A linear network by hand."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.kernel, self.bias = rng.normal(size=(5, CLASSES)), rng.normal(size=CLASSES)

    def __call__(self, x):
        return x @ self.kernel + self.bias

    def keras(self):
        model = keras.Sequential([keras.Input((5,)), layers.Dense(CLASSES)])
        model.set_weights([self.kernel, self.bias])
        return model

    def stepped(self, *pulls):
        """Weights after a step on pairs of inputs and slopes of their logits."""
        kernel = sum(x.T @ slope for x, slope in pulls)
        bias = sum(slope.sum(axis=0) for _, slope in pulls)
        return [self.kernel - RATE * kernel, self.bias - RATE * bias]


HAND, TEACHER = Linear(0), Linear(1)


def trained(model, views=(FIRST, SECOND), sample_weight=None):
    """The loss of a step, and the network's weights after it."""
    model.compile(keras.optimizers.SGD(RATE), run_eagerly=True, metrics=[])
    loss = model.train_on_batch({"labelled": X, "views": views}, Y, sample_weight)
    return float(loss), model.network.get_weights()


def labelled(weights=1.0):
    """The labelled loss, and its pull."""
    p, known = softmax(HAND(X)), np.eye(CLASSES)[Y]
    weights = np.broadcast_to(weights, ROWS)
    value = np.mean(-weights * LOG(p[np.arange(ROWS), Y]))
    return value, (X, weights[:, None] * (p - known) / ROWS)


def through_softmax(p, slope):
    """Slopes with respect to logits, of those with respect to probabilities."""
    return p * (slope - np.sum(p * slope, axis=-1, keepdims=True))


def check(model, loss, pulls, views=(FIRST, SECOND), sample_weight=None):
    value, weights = trained(model, views, sample_weight)
    assert value == pytest.approx(loss, rel=1e-5)
    for found, expected in zip(weights, HAND.stepped(*pulls)):
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def check_beside_labels(model, unlabelled, pulls, weight, **options):
    """As `check`, of a loss of unlabelled rows of a weight."""
    value, pull = labelled()
    check(model, value + weight * unlabelled, [pull, *pulls], **options)


def one_hot(p):
    return np.eye(CLASSES)[p.argmax(axis=1)]


def guessed(p, q, counted):
    """Cross entropy of q with the guesses of p, and its slope."""
    value = np.mean(counted * -LOG(np.sum(one_hot(p) * q, axis=1)))
    return value, counted[:, None] * (q - one_hot(p)) / len(p)


def test_supervised_rows_weigh_what_they_are_given():
    weights = np.array([1, 0, 2, 1, 0.5, 3], "float32")
    value, pull = labelled(weights)
    check(methods.Supervised(HAND.keras()), value, [pull], sample_weight=weights)


def test_weights_of_rows_are_those_of_labelled_ones():
    weights = np.array([1, 0, 2, 1, 0.5, 3], "float32")
    p, q = softmax(HAND(FIRST)), softmax(HAND(SECOND))
    loss, slope = guessed(p, q, np.ones(OTHERS))
    value, pull = labelled(weights)
    model = methods.FixMatch(HAND.keras(), threshold=0.0)
    check(model, value + loss, [pull, (SECOND, slope)], sample_weight=weights)


def test_supervised_training_takes_rows_without_views_too():
    model = methods.Supervised(HAND.keras())
    model.compile(keras.optimizers.SGD(RATE), run_eagerly=True, metrics=[])
    value, pull = labelled()
    assert model.train_on_batch(X, Y) == pytest.approx(value, rel=1e-5)
    np.testing.assert_allclose(model.network.get_weights()[0], HAND.stepped(pull)[0], atol=1e-5)


def test_annealed_rows_weigh_what_they_are_given():
    p = softmax(HAND(X))
    known = p[np.arange(ROWS), Y]
    weights = np.array([1, 0, 2, 1, 0.5, 3], "float32")
    threshold = 1 / 3 + 0.5 * 2 / 3
    counts = weights * (known < threshold)
    assert 0 < np.count_nonzero(counts) < 5
    model = methods.UDA(HAND.keras(), weight=0.0, annealing="linear", steps=10)
    model.step.assign(5)
    slope = counts[:, None] * (p - np.eye(CLASSES)[Y]) / counts.sum()
    check(model, np.sum(counts * -LOG(known)) / counts.sum(), [(X, slope)], sample_weight=weights)


def test_uda():
    p, target, q = softmax(HAND(FIRST)), softmax(HAND(FIRST) / 0.4), softmax(HAND(SECOND))
    mask = p.max(axis=1) > 0.7
    assert 0 < mask.sum() < OTHERS
    loss = np.mean(mask * np.sum(target * LOG(target / q), axis=1))
    pull = (SECOND, mask[:, None] * (q - target) / OTHERS)
    model = methods.UDA(HAND.keras(), temperature=0.4, threshold=0.7, weight=2.0)
    check_beside_labels(model, loss, [(pull[0], 2 * pull[1])], 2.0)


def test_the_weight_rises():
    p, q = softmax(HAND(FIRST)), softmax(HAND(SECOND))
    loss, slope = guessed(p, q, np.ones(OTHERS))
    model = methods.FixMatch(HAND.keras(), threshold=0.0, weight=2.0, ramp_up=10)
    model.step.assign(4)
    weight = 2 * np.exp(-5 * 0.6**2)
    check_beside_labels(model, loss, [(SECOND, weight * slope)], weight)
    assert float(model.step) == 5


def test_pi_model():
    first, second = softmax(HAND(FIRST)), softmax(HAND(SECOND))
    loss = np.mean(np.sum((first - second) ** 2, axis=1))
    slope = 2 * (first - second) / OTHERS
    pulls = [(FIRST, through_softmax(first, slope)), (SECOND, through_softmax(second, -slope))]
    check_beside_labels(methods.PiModel(HAND.keras()), loss, pulls, 1.0)


def test_pseudo_label():
    p = softmax(HAND(FIRST))
    counted = (p.max(axis=1) > 0.7).astype(float)
    assert 0 < counted.sum() < OTHERS
    loss, slope = guessed(p, p, counted)
    model = methods.PseudoLabel(HAND.keras(), threshold=0.7)
    check_beside_labels(model, loss, [(FIRST, slope)], 1.0, views=(FIRST,))


def with_teacher(method, **options):
    """A student whose teacher is another network, at a step where the momentum is 0.75."""
    model = method(HAND.keras(), momentum=0.75, **options)
    model.teacher.set_weights([TEACHER.kernel, TEACHER.bias])
    model.step.assign(20)
    moved = Linear(2)
    moved.kernel = 0.75 * TEACHER.kernel + 0.25 * HAND.kernel
    moved.bias = 0.75 * TEACHER.bias + 0.25 * HAND.bias
    return model, moved


def test_mean_teacher():
    model, moved = with_teacher(methods.MeanTeacher)
    p, target = softmax(HAND(FIRST)), softmax(moved(SECOND))
    loss = np.mean(np.sum((p - target) ** 2, axis=1))
    pull = (FIRST, through_softmax(p, 2 * (p - target) / OTHERS))
    check_beside_labels(model, loss, [pull], 1.0)
    for found, expected in zip(model.teacher.get_weights(), (moved.kernel, moved.bias)):
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_at_first_a_teacher_is_the_mean_of_all_students():
    model = methods.MeanTeacher(HAND.keras(), momentum=1.0)
    students = []
    for _ in range(4):
        students.append(model.network.get_weights()[0])
        trained(model)
    assert np.abs(students[0] - students[-1]).max() > 0.01
    found = model.teacher.get_weights()[0]
    np.testing.assert_allclose(found, np.mean(students, axis=0), atol=1e-5)


@pytest.mark.parametrize("entropy", [0.0, 0.3])
def test_vat(entropy, monkeypatch):
    direction = RNG.normal(size=FIRST.shape).astype("float32")
    monkeypatch.setattr(methods.VAT, "direction", lambda self, view: direction)
    changed = FIRST + 0.7 * direction
    p, q = softmax(HAND(FIRST)), softmax(HAND(changed))
    own = -np.sum(p * LOG(p), axis=1)
    loss = np.mean(np.sum(p * LOG(p / q), axis=1) + entropy * own)
    slope = -entropy * p * (LOG(p) + own[:, None]) / OTHERS
    pulls = [(changed, (q - p) / OTHERS), (FIRST, slope)]
    model = methods.VAT(HAND.keras(), radius=0.7, entropy=entropy)
    check_beside_labels(model, loss, pulls, 1.0, views=(FIRST,))


def test_vat_iterates_by_the_gradient_of_the_divergence():
    """For a linear network that gradient is W (q − p)."""
    model = methods.VAT(HAND.keras(), distance=0.5, iterations=2, seed=4)
    found = np.array(model.direction(FIRST))
    seeds = keras.random.SeedGenerator(4)
    expected = np.array(keras.random.normal(FIRST.shape, seed=seeds), "float64")
    for _ in range(3):
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        last = expected
        q = softmax(HAND(FIRST + 0.5 * expected))
        expected = (q - softmax(HAND(FIRST))) @ HAND.kernel.T
    np.testing.assert_allclose(found, last, atol=1e-4)
    with tf.GradientTape() as tape:
        view = tf.constant(FIRST)
        tape.watch(view)
        direction = model.direction(view)
    assert tape.gradient(direction, [view, *model.network.trainable_weights]) == [None] * 3


def mixed(x, order, share):
    share = share.reshape(-1, *[1] * (x.ndim - 1))
    return share * x + (1 - share) * x[order]


@pytest.fixture
def partners(monkeypatch):
    """Partners and shares that are drawn by hand, as many as asked for."""

    def draw(rows, quantiles, seed):
        rng = np.random.default_rng(int(rows))
        return rng.permutation(int(rows)), rng.random(int(rows)).astype("float32")

    monkeypatch.setattr(mixing, "draw_partners", draw)
    return lambda rows: draw(rows, None, None)


def test_ict(partners):
    model, moved = with_teacher(methods.ICT)
    order, share = partners(OTHERS)
    view = mixed(FIRST, order, share)
    p, target = softmax(HAND(view)), mixed(softmax(moved(FIRST)), order, share)
    loss = np.mean(np.sum((p - target) ** 2, axis=1))
    pull = (view, through_softmax(p, 2 * (p - target) / OTHERS))
    check_beside_labels(model, loss, [pull], 1.0, views=(FIRST,))


def test_mixmatch(partners):
    guess = (softmax(HAND(FIRST)) + softmax(HAND(SECOND))) / 2
    guess = guess**2 / np.sum(guess**2, axis=1, keepdims=True)
    targets = np.concatenate([np.eye(CLASSES)[Y], guess, guess])
    order, share = partners(ROWS + 2 * OTHERS)
    assert np.any(share < 0.4)
    share = np.maximum(share, 1 - share)
    inputs = mixed(np.concatenate([X, FIRST, SECOND]), order, share)
    targets = mixed(targets, order, share)
    p = softmax(HAND(inputs))
    error = -np.sum(targets * LOG(p), axis=1)[:ROWS]
    squares = np.mean((p - targets) ** 2, axis=1)[ROWS:]
    slopes = np.concatenate(
        [
            (p - targets)[:ROWS] / ROWS,
            5 * through_softmax(p, 2 * (p - targets) / CLASSES / (2 * OTHERS))[ROWS:],
        ]
    )
    model = methods.MixMatch(HAND.keras(), temperature=0.5, weight=5.0)
    check(model, error.mean() + 5 * squares.mean(), [(inputs, slopes)])


def test_mixmatch_refuses_weights_of_rows():
    with pytest.raises(ValueError, match="MixMatch got weights of rows"):
        trained(methods.MixMatch(HAND.keras()), sample_weight=np.ones(ROWS, "float32"))


@pytest.mark.parametrize("alpha", [0.75, 1.0, 4.0])
def test_partners_are_a_permutation_and_shares_those_of_beta(alpha):
    seeds = keras.random.SeedGenerator(0)
    order, share = mixing.draw_partners(4000, mixing.beta_quantiles(alpha), seeds)
    assert sorted(np.array(order)) == list(range(4000))
    assert np.count_nonzero(np.array(order) == np.arange(4000)) < 10
    assert np.mean(share) == pytest.approx(0.5, abs=0.02)
    assert np.var(share) == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.08)
    _, again = mixing.draw_partners(4000, mixing.beta_quantiles(alpha), seeds)
    assert not np.array_equal(share, again)


def test_penalties_on_activities_are_those_of_labelled_rows():
    x = keras.Input((5,))
    h = layers.Dense(CLASSES, activity_regularizer=keras.regularizers.L2(0.1))(x)
    network = keras.Model(x, h)
    network.set_weights([HAND.kernel, HAND.bias])
    value, _ = labelled()
    penalty = 0.1 * np.sum(HAND(X) ** 2) / ROWS
    model = methods.FixMatch(network, threshold=1.01)
    assert trained(model)[0] == pytest.approx(value + penalty, rel=1e-4)


def of_guesses(model, counted, p, q, extra=0.0, pull=0.0):
    """Checks a step of a method whose rows count as much."""
    loss, slope = guessed(p, q, counted)
    check_beside_labels(model, loss + extra, [(SECOND, slope + pull)], 1.0)


P, Q = softmax(HAND(FIRST)), softmax(HAND(SECOND))
SUREST = P.max(axis=1)
GUESSES = one_hot(P)


def test_fixmatch():
    counted = (SUREST > 0.7).astype(float)
    assert 0 < counted.sum() < OTHERS
    of_guesses(methods.FixMatch(HAND.keras(), threshold=0.7), counted, P, Q)


def test_flexmatch():
    """Thresholds are those of the average before the batch; then it moves, over all rows."""
    learned = np.array([0.1, 0.4, 0.2])
    progress = learned / max(0.4, 1 - 0.7)
    thresholds = 0.9 * progress / (2 - progress)
    counted = (GUESSES @ thresholds < SUREST).astype(float)
    assert 0 < counted.sum() < OTHERS
    assert np.any(counted != (SUREST > 0.9))
    model = methods.FlexMatch(HAND.keras(), threshold=0.9, momentum=0.8)
    model.learned.assign(learned)
    of_guesses(model, counted, P, Q)
    sure = np.mean((SUREST > 0.9)[:, None] * GUESSES, axis=0)
    np.testing.assert_allclose(model.learned, 0.8 * learned + 0.2 * sure, rtol=1e-5)


@pytest.mark.parametrize("fairness", [0.0, 0.3])
def test_freematch(fairness):
    """Averages move over all rows, and give the thresholds at once."""
    old = {"confidence": 0.9, "shares": np.array([0.5, 0.2, 0.3])}
    old["histogram"] = np.array([0.2, 0.5, 0.3])
    model = methods.FreeMatch(HAND.keras(), momentum=0.8, fairness=fairness)
    for name, value in old.items():
        getattr(model, name).assign(value)
    values = {"confidence": SUREST.mean(), "shares": P.mean(axis=0)}
    values["histogram"] = GUESSES.mean(axis=0)
    new = {name: 0.8 * value + 0.2 * values[name] for name, value in old.items()}
    thresholds = new["confidence"] * new["shares"] / new["shares"].max()
    counted = (GUESSES @ thresholds < SUREST).astype(float)
    assert 0 < counted.sum() < OTHERS

    a = new["shares"] / new["histogram"]
    a /= a.sum()
    number, found = counted.sum(), (counted[:, None] * one_hot(Q)).mean(axis=0)
    assert np.all(found > 0)
    ratio = (counted[:, None] * Q).mean(axis=0) / found
    value = np.sum(a * LOG(ratio / ratio.sum()))
    to_mean = (a / ratio - 1 / ratio.sum()) / found * number / OTHERS
    pull = counted[:, None] * through_softmax(Q, np.tile(to_mean, (OTHERS, 1))) / number
    of_guesses(model, counted, P, Q, fairness * value, fairness * pull)
    for name, value in new.items():
        np.testing.assert_allclose(getattr(model, name), value, rtol=1e-5)


@pytest.mark.parametrize("alignment", [False, True])
def test_softmatch(alignment):
    """Averages move over all rows, and give the weights at once; guesses are not aligned."""
    old = {"mean": 0.9, "variance": 0.1, "shares": np.array([0.5, 0.2, 0.3])}
    model = methods.SoftMatch(HAND.keras(), momentum=0.8, alignment=alignment)
    for name, value in old.items():
        getattr(model, name).assign(value)
    shares = 0.8 * old["shares"] + 0.2 * P.mean(axis=0)
    even = P / shares if alignment else P
    surest = (even / even.sum(axis=1, keepdims=True)).max(axis=1)
    mean, variance = 0.72 + 0.2 * surest.mean(), 0.08 + 0.2 * surest.var()
    counted = np.where(surest < mean, np.exp(-((surest - mean) ** 2) / (2 * variance)), 1.0)
    assert 0 < np.sum(counted == 1) < OTHERS
    of_guesses(model, counted, P, Q)
    np.testing.assert_allclose([model.mean, model.variance], [mean, variance], rtol=1e-5)
    expected = shares if alignment else old["shares"]
    np.testing.assert_allclose(model.shares, expected, rtol=1e-5)


@keras.saving.register_keras_serializable("course_tests")
class Spy(layers.Layer):
    """Hands its input on, and keeps whether it was called in training mode."""

    def __init__(self, **options):
        super().__init__(**options)
        self.modes = []

    def call(self, x, training=None):
        self.modes.append(bool(training))
        return x


MODES = {  # of the student after the labelled rows, and of the teacher
    "UDA": ([True, True], []),
    "Π-model": ([True, True], []),
    "Mean Teacher": ([True], [False]),
    "VAT": ([False, False, True, True], []),
    "Pseudo-Label": ([True], []),
    "ICT": ([True], [False]),
    "MixMatch": ([True, True, True], []),
    "FixMatch": ([True, True], []),
    "FlexMatch": ([True, True], []),
    "FreeMatch": ([True, True], []),
    "SoftMatch": ([True, True], []),
}


@pytest.mark.parametrize("name", methods.METHODS)
def test_networks_are_asked_in_training_mode_and_teachers_are_not(name):
    network = keras.Sequential([keras.Input((5,)), Spy(), layers.Dense(CLASSES)])
    model = methods.METHODS[name](network)
    taught = getattr(model, "teacher", None)
    spies = [part.layers[0] for part in (network, taught) if part]
    for spy in spies:
        spy.modes.clear()
    trained(model)
    assert [*(spy.modes for spy in spies), []][:2] == [[True, *MODES[name][0]], MODES[name][1]]


@pytest.mark.parametrize("name", methods.METHODS)
def test_views_that_are_missing_or_plain_rows_are_refused(name):
    model = methods.METHODS[name](HAND.keras())
    model.compile(run_eagerly=True)
    with pytest.raises(ValueError, match=rf"compares {model.views} views .* holds 0"):
        model.train_on_batch(X, Y)


@pytest.mark.parametrize(("policy", "cosine"), [("mixed_float16", 0.98), ("mixed_bfloat16", 0.93)])
def test_halves_find_the_adversary_farther_out(policy, cosine):
    """At float32's distance of 1e-2, rounding of half precision drowns the gradient."""
    view = np.random.default_rng(0).uniform(size=(16, 60)).astype("float32")

    def direction(policy, distance=None):
        keras.config.set_dtype_policy(policy)
        try:
            keras.utils.set_random_seed(0)
            stack = [keras.Input((60,)), layers.Dense(30, "relu"), layers.Dense(10)]
            model = methods.VAT(keras.Sequential(stack), distance=distance)
            return np.array(model.direction(view))
        finally:
            keras.config.set_dtype_policy("float32")

    exact = direction("float32")
    assert np.mean(np.sum(exact * direction(policy), axis=1)) > cosine
    assert np.mean(np.sum(exact * direction(policy, 1e-3), axis=1)) < 0.7


def test_a_method_is_made_again_from_its_config():
    model = methods.UDA(HAND.keras(), threshold=0.3, annealing="exp", steps=7, weight=2.0, seed=5)
    model.network.set_weights([HAND.kernel, HAND.bias])
    config = model.get_config()
    again = methods.UDA.from_config(config)
    assert (again.threshold, again.annealing, again.steps) == (0.3, "exp", 7)
    assert (again.weight, again.ramp_up, again.seed, again.name) == (2.0, 0, 5, model.name)
    assert again.get_config().keys() == config.keys()
    assert again.network.count_params() == model.network.count_params()
