"""Latent spaces: the least-squares solution, an old model that stays as it is, honest pairs."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from sklearn.linear_model import Ridge

from course_lib.transfer import latent
from course_lib.transfer.cuts import Network, Task, draw


@pytest.fixture(scope="module")
def old():
    """An old encoder of five features and its head, with the inputs and classes they learned."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 30)
    x = (3 * rng.normal(size=(3, 5))[y] + rng.normal(size=(90, 5))).astype("float32")
    encoder = keras.Sequential([keras.Input((5,)), layers.Dense(4, activation="tanh")])
    head = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="softmax")])
    whole = keras.Sequential([encoder, head])
    whole.compile(keras.optimizers.Adam(0.05), "sparse_categorical_crossentropy", jit_compile=False)
    rows = np.concatenate([rng.permutation(90) for _ in range(20)])
    whole.fit(x[rows], y[rows], verbose=0, shuffle=False)
    return encoder, head, x, y


def linear():
    return keras.Sequential([keras.Input((5,)), layers.Dense(4)])


@pytest.mark.parametrize("ridge", [0.0, 3.0])
def test_least_squares_is_scikit_learns(ridge):
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(20, 3)) + 4, rng.normal(size=(20, 2))
    kernel, bias = latent.least_squares(x, z, ridge)
    expected = Ridge(ridge).fit(x, z)
    assert np.allclose(kernel, expected.coef_.T)
    assert np.allclose(bias, expected.intercept_)


def test_a_linear_encoder_learns_the_least_squares_solution(old):
    encoder, _, x_old, _ = old
    x = np.random.default_rng(1).normal(size=(90, 5)).astype("float32")
    z = encoder.predict(x_old, verbose=0)
    network = Network(linear, "mse", keras.optimizers.SGD(0.5, momentum=0.5))
    trained = network.train(draw(linear, 0), x, z, steps=200, batch_size=90, seed=0)
    for found, expected in zip(trained.get_weights(), latent.least_squares(x, z)):
        assert np.allclose(found, expected, atol=1e-4)


def test_an_old_input_in_disguise_gets_the_old_answers(old):
    """x₂ = x₁ R: the best encoder of a linear E₁ undoes R, and the old head answers as before."""
    _, head, x, _ = old
    encoder, new_encoder = linear(), linear()
    disguised = x @ np.random.default_rng(2).normal(size=(5, 5)).astype("float32")
    z = encoder.predict(x, verbose=0)
    new_encoder.layers[-1].set_weights(latent.least_squares(disguised, z))
    answers = [
        ops.convert_to_numpy(head(e(inputs)))
        for e, inputs in ((encoder, x), (new_encoder, disguised))
    ]
    assert np.allclose(*answers, atol=1e-4)


@pytest.fixture(scope="module")
def new(old):
    """A task whose inputs are other pictures of the old classes, turned."""
    _, _, x, y = old
    rng = np.random.default_rng(3)
    x = (x + 0.3 * rng.normal(size=x.shape)) @ rng.normal(size=(5, 5))
    order = rng.permutation(90)
    x, y = x[order].astype("float32"), y[order]
    return Task(x[:60], y[:60], x[60:], y[60:])


def test_the_old_head_reads_what_the_new_encoder_writes_and_stays_as_it_is(old, new):
    encoder, head, *data = old
    before = [*encoder.get_weights(), *head.get_weights()]
    adam = keras.optimizers.Adam(0.03)
    rows = latent.compare(encoder, head, linear, data, new, [6, 60], [0, 1], 150, optimizer=adam)
    assert [(row.seed, row.pairs, row.method) for row in rows] == [
        (seed, pairs, method)
        for seed in (0, 1)
        for pairs in (6, 60)
        for method in ("latent", "scratch")
    ]
    assert all(row.accuracy > 0.8 for row in rows if row.pairs == 60)
    after = [*encoder.get_weights(), *head.get_weights()]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def fingerprint(model, x, y):
    """A number that no other outputs, rows or order of rows have."""
    outputs = ops.convert_to_numpy(model(x, training=False)).astype("float64")
    return float(
        np.sum(outputs * np.sin(1 + np.arange(outputs.size)).reshape(outputs.shape)) + y.sum()
    )


def by_hand(model, start, loss, x, y, steps, seed):
    """Plain Keras: trains a model from a start on batches of four rows."""
    for variable, value in zip(model.variables, start, strict=True):
        variable.assign(value)
    model.compile(keras.optimizers.SGD(0.3), loss, run_eagerly=True)
    rng = np.random.default_rng(seed)
    order = np.concatenate([rng.permutation(len(y)) for _ in range(steps)])
    for batch in order[: 4 * steps].reshape(steps, 4):
        model.train_on_batch(x[batch], y[batch])
    return model


def test_both_ways_are_trained_as_they_are_written_down(old, new, monkeypatch):
    """E₂ on partners' places alone, under the old head; a new head and E₂ on labels."""
    monkeypatch.setattr(latent, "accuracy", fingerprint)
    encoder, head, x_old, y_old = old
    sgd = keras.optimizers.SGD(0.3)
    found = latent.compare(
        encoder, head, linear, (x_old, y_old), new, [6], [2], 3, batch_size=4, optimizer=sgd
    )
    few, partners = latent.draw_pairs(new.y_train, y_old, 6, seed=2)
    x = new.x_train[few]
    places = ops.convert_to_numpy(encoder(x_old[partners]))
    writer = by_hand(linear(), draw(linear, 2), "mse", x, places, 3, seed=2)

    def with_new_head():
        return keras.Sequential([linear(), keras.models.clone_model(head)])

    reads = keras.Sequential([writer, head])
    expected = [fingerprint(reads, new.x_test, new.y_test)]
    loss = "sparse_categorical_crossentropy"
    start = draw(with_new_head, 2)
    scratch = by_hand(with_new_head(), start, loss, x, new.y_train[few], 3, seed=2)
    expected.append(fingerprint(scratch, new.x_test, new.y_test))
    assert [row.method for row in found] == ["latent", "scratch"]
    assert [row.accuracy for row in found] == pytest.approx(expected, rel=1e-4)


def test_both_ways_start_with_the_same_encoder(old, new):
    """A rate of zero shows it: neither depends on the number of pairs."""
    rows = latent.compare(
        *old[:2], linear, old[2:], new, [6, 60], [0], 1, optimizer=keras.optimizers.SGD(0.0)
    )
    assert len({row.accuracy for row in rows if row.method == "latent"}) == 1
    assert len({row.accuracy for row in rows if row.method == "scratch"}) == 1


def test_pairs_mean_the_same_and_no_new_input_comes_twice():
    rng = np.random.default_rng(0)
    y_new, y_old = rng.integers(4, size=50), rng.integers(4, size=200)
    new, old = latent.draw_pairs(y_new, y_old, 50, seed=0)
    assert np.array_equal(y_new[new], y_old[old])
    assert sorted(new) == list(range(50))


def test_few_pairs_hold_all_classes_and_are_the_first_of_many():
    y_new, y_old = np.repeat([0, 1, 2], [40, 10, 10]), np.repeat([0, 1, 2], 30)
    few, many = (latent.draw_pairs(y_new, y_old, pairs, seed=1) for pairs in (9, 30))
    assert np.bincount(y_new[few[0]]).tolist() == [3, 3, 3]
    for first, then in zip(few, many):
        assert np.array_equal(first, then[:9])
    other, _ = latent.draw_pairs(y_new, y_old, 9, seed=2)
    assert not np.array_equal(few[0], other)


def test_pairs_that_cannot_be_had_are_refused():
    with pytest.raises(ValueError, match="3 new inputs, too few for 4 pairs"):
        latent.draw_pairs([0, 1, 0], [0, 1], 4, seed=0)
    with pytest.raises(ValueError, match=r"classes \[2\] of the new"):
        latent.draw_pairs([0, 1, 2], [0, 1], 2, seed=0)
