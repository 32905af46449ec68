"""The four treatments: what is copied, what is frozen, and what is paired."""

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.keras_internals import trained_by
from course_lib.transfer import cuts

SGD = keras.optimizers.SGD(0.1)
LOSS = "sparse_categorical_crossentropy"


def build():
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(3, 3, name="first"),
            layers.BatchNormalization(momentum=0.5),
            layers.ReLU(),
            layers.Conv2D(4, 3, activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="last"),
        ]
    )


def draw_task(seed):
    """Three classes of pictures around patterns of their own."""
    rng = np.random.default_rng(seed)
    y = np.repeat([0, 1, 2], 20)
    x = rng.normal(size=(3, 6, 6, 1))[y] + rng.normal(size=(60, 6, 6, 1))
    x, order = x.astype("float32"), rng.permutation(60)
    return cuts.Task(x[order[:40]], y[order[:40]], x[order[40:]], y[order[40:]])


@pytest.fixture(scope="module")
def tasks():
    return draw_task(0), draw_task(1)


@pytest.fixture(scope="module")
def donor(tasks):
    """Weights of each layer of a trained network."""
    network = cuts.Network(build, LOSS, SGD)
    model = network.train(cuts.draw(build, 7), *tasks[0][:2], steps=10, batch_size=8, seed=0)
    return [layer.get_weights() for layer in model.layers]


def train(tasks, copied=(), frozen=0, steps=10, optimizer=SGD):
    """Trains a network on the second task; returns the weights of each layer."""
    network = cuts.Network(build, LOSS, optimizer, frozen)
    start = cuts.draw(build, 1)
    model = network.train(start, *tasks[1][:2], steps, batch_size=8, seed=0, copied=copied)
    return [layer.get_weights() for layer in model.layers]


def same(some, others):
    return all(np.array_equal(a, b) for a, b in zip(some, others, strict=True))


def test_a_cut_takes_what_stands_between_layers_with_the_lower_one():
    model = build()
    assert cuts.layers_below(model, 0) == []
    assert cuts.layers_below(model, 1) == model.layers[:3]
    assert cuts.layers_below(model, 2) == model.layers[:5]


def test_the_last_layer_below_the_cut_is_frozen_too():
    """Where it has weights of its own, to be one layer short shows."""
    network = cuts.Network(chain, LOSS, keras.optimizers.Adam(), frozen=2)
    assert [layer.trainable for layer in network.model.layers] == [False, False, False, True]
    trained = [network.model.trainable_variables, trained_by(network.model.optimizer)]
    assert [[v.shape for v in variables] for variables in trained] == [[(4, 3), (3,)]] * 2


@pytest.mark.parametrize("cut", [-1, 3])
def test_the_last_layer_is_never_copied(cut):
    with pytest.raises(ValueError, match=f"from 0 to 2.*but got {cut}"):
        cuts.layers_below(build(), cut)


def test_a_cut_at_zero_is_training_from_scratch_to_the_bit(tasks):
    """The same weights as Keras gives from the same seed, with the same order of rows."""
    keras.utils.set_random_seed(1)
    model = build()
    model.compile(keras.optimizers.SGD(0.1), LOSS, jit_compile=False)
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.permutation(40), rng.permutation(40)])
    x, y, *test = tasks[1]
    model.fit(x[rows], y[rows], batch_size=8, shuffle=False, verbose=0)
    assert same(
        *(
            [w for layer in weights for w in layer]
            for weights in (train(tasks), [layer.get_weights() for layer in model.layers])
        )
    )

    rows = cuts.compare(build, *tasks, [0], [0], epochs=2, batch_size=8, optimizer=SGD)
    assert [row.treatment for row in rows] == ["BnB", "BnB+", "AnB", "AnB+"]
    network = cuts.Network(build, LOSS, SGD)
    scratch = network.train(cuts.draw(build, 1), x, y, steps=10, batch_size=8, seed=1)
    assert {row.accuracy for row in rows} == {cuts.accuracy(scratch, *test)}


@pytest.mark.parametrize("cut", [1, 2])
def test_frozen_layers_stay_as_they_were_copied_to_the_bit(tasks, donor, cut):
    """Batch normalisation with its moving statistics among them."""
    below = len(cuts.layers_below(build(), cut))
    trained = train(tasks, donor[:below], frozen=cut)
    for layer, (found, copied) in enumerate(zip(trained, donor)):
        assert same(found, copied) == (layer < below or not copied)


def test_layers_that_are_trained_on_start_at_the_copied_weights(tasks, donor):
    """A rate of zero shows the start, but for the statistics, which follow the new task."""
    start = train(tasks, donor[:3], optimizer=keras.optimizers.SGD(0.0))
    first, norm, _, second, _, last = start
    assert same(first, donor[0])
    assert same(norm[:2], donor[1][:2])
    assert not same(norm[2:], donor[1][2:])
    fresh = train(tasks, optimizer=keras.optimizers.SGD(0.0))
    assert same(second, fresh[3])
    assert same(last, fresh[5])
    trained = train(tasks, donor[:3])
    assert not same(trained[0], donor[0])


def test_batches_are_whole_epochs_one_after_the_other():
    """Every row once in each epoch, in an order of the seed's, and the last epoch cut off."""
    x, y = np.arange(10.0), np.arange(10)
    batches = cuts._Batches(x, y, steps=6, batch_size=4, seed=5)
    drawn = [batches[step] for step in range(len(batches))]
    assert all(np.array_equal(inputs, labels) for inputs, labels in drawn)
    rows = np.concatenate([labels for _, labels in drawn])
    rng = np.random.default_rng(5)
    assert np.array_equal(rows, np.concatenate([rng.permutation(10) for _ in range(3)])[:24])


def test_a_network_starts_anew_every_time(tasks):
    """Not even momentum is left over from earlier trainings."""
    network = cuts.Network(build, LOSS, keras.optimizers.Adam(0.01))
    start, rows = cuts.draw(build, 3), tasks[1][:2]
    first, again = (
        network.train(start, *rows, steps=5, batch_size=8, seed=0).get_weights() for _ in range(2)
    )
    assert same(first, again)


def test_identical_tasks_give_identical_results(tasks):
    """Copying from A is copying from B where both are the same."""
    _, b = tasks
    rows = cuts.compare(build, b, b, [1], [0], epochs=2, batch_size=8, optimizer=SGD)
    found = {row.treatment: row.accuracy for row in rows}
    assert found["AnB"] == found["BnB"]
    assert found["AnB+"] == found["BnB+"]


CHAIN = [(5, "tanh"), (4, None), (3, "softmax")]


def chain():
    """Dense layers, the first one with a batch normalisation, which goes with it."""
    dense = [layers.Dense(units, activation) for units, activation in CHAIN]
    norm = layers.BatchNormalization(momentum=0.5)
    return keras.Sequential([keras.Input((4,)), dense[0], norm, *dense[1:]])


def fingerprint(model, x, y):
    """A number that no other outputs, rows or order of rows have."""
    outputs = keras.ops.convert_to_numpy(model(x, training=False)).astype("float64")
    return float(
        np.sum(outputs * np.sin(1 + np.arange(outputs.size)).reshape(outputs.shape) + y.sum())
    )


def by_hand(start, task, seed, copied=(), frozen=0, steps=3):
    """Plain Keras: a chain whose first layers are copied, and whose first layers are frozen."""
    model = chain()
    for variable, value in zip(model.variables, start, strict=True):
        variable.assign(value)
    for layer, weights in zip(model.layers, copied):
        layer.set_weights(weights)
    for layer in model.layers[:frozen]:
        layer.trainable = False
    model.compile(keras.optimizers.SGD(0.1), LOSS, run_eagerly=True)
    rng, rows = np.random.default_rng(seed), len(task.y_train)
    order = np.concatenate([rng.permutation(rows) for _ in range(3)])
    for batch in order[: 8 * steps].reshape(steps, 8):
        model.train_on_batch(task.x_train[batch], task.y_train[batch])
    return model


@pytest.fixture(scope="module")
def vectors():
    """Two tasks of eleven training rows of vectors, and five and six for the test."""
    rng = np.random.default_rng(0)
    sizes = [(11, 5), (11, 6)]
    return [
        cuts.Task(*(a for n in pair for a in (rng.normal(size=(n, 4)), rng.integers(3, size=n))))
        for pair in sizes
    ]


def test_every_treatment_is_trained_as_in_the_paper(vectors, monkeypatch):
    """What is copied, from whom, what is frozen, on which rows it is trained and measured."""
    monkeypatch.setattr(cuts, "accuracy", fingerprint)
    found = cuts.compare(chain, *vectors, [0, 1, 2], [3], 2, batch_size=8, optimizer=SGD)
    a, b = vectors
    first, new = cuts.draw(chain, 6), cuts.draw(chain, 7)
    donors = {
        name: [layer.get_weights() for layer in by_hand(first, task, 6).layers]
        for name, task in (("A", a), ("B", b))
    }
    scratch = fingerprint(by_hand(new, b, 7), b.x_test, b.y_test)
    expected = {(0, treatment): scratch for treatment in cuts.TREATMENTS}
    for cut, below in ((1, 2), (2, 3)):  # the batch normalisation goes with the first layer
        for treatment in cuts.TREATMENTS:
            copied = donors[treatment[0]][:below]
            model = by_hand(new, b, 7, copied, 0 if treatment.endswith("+") else below)
            expected[cut, treatment] = fingerprint(model, b.x_test, b.y_test)
    donor_of = {"BnB": "B", "BnB+": "B", "AnB": "A", "AnB+": "A"}
    assert {name: donor for name, (donor, _) in cuts.TREATMENTS.items()} == donor_of
    assert [(row.seed, row.cut, row.treatment) for row in found] == [
        (3, cut, treatment) for cut, treatment in expected
    ]
    for row in found:
        assert row.accuracy == pytest.approx(expected[row.cut, row.treatment], rel=1e-5), row
    assert len({round(value, 3) for value in expected.values()}) == 9


def test_a_seeds_rows_do_not_depend_on_other_seeds(tasks):
    def compare(seeds):
        return cuts.compare(build, *tasks, [2], seeds, epochs=1, batch_size=8, optimizer=SGD)

    both = compare([0, 1])
    assert [row for row in both if row.seed == 1] == compare([1])


def test_new_layers_do_not_start_where_the_copied_ones_were_trained():
    """Else a control would find back what it was torn from."""
    first, new = cuts.draw(build, 0), cuts.draw(build, 1)
    assert not np.array_equal(first[-2], new[-2])


def test_accuracy_counts_what_is_right_over_all_rows():
    model = keras.Sequential([keras.Input((3,)), layers.Activation("softmax")])
    x = np.eye(3, dtype="float32")[np.arange(1201) % 3]
    y = np.where(np.arange(1201) < 1000, np.arange(1201) % 3, (np.arange(1201) + 1) % 3)
    assert cuts.accuracy(model, x, y) == pytest.approx(1000 / 1201)
