"""What is frozen stays the same to the bit; what has a rate of its own moves by it."""

import keras
import numpy as np
import pytest

from course_lib.transfer import freezing

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
needs_rates = pytest.mark.skipif(
    not hasattr(keras.optimizers, "MultiOptimizer"), reason="this Keras has no MultiOptimizer"
)


def compile(model):
    model.compile(keras.optimizers.SGD(0.1), LOSS, jit_compile=False)


def moved(model, before):
    """Names of the layers with a weight that is not what it was."""
    after = {v.path: v.numpy() for v in model.variables}
    return {path.split("/")[0] for path in after if not np.array_equal(after[path], before[path])}


def weights(model):
    return {v.path: v.numpy() for v in model.variables}


def test_what_is_frozen_stays_the_same_to_the_bit(residual, rows):
    before = weights(residual)
    freezing.freeze(residual, until="block1")
    compile(residual)
    residual.fit(*rows, epochs=3, verbose=0)
    assert moved(residual, before) == {"block2_dense", "scores"}


def test_the_last_frozen_layer_is_frozen_too(residual):
    """Where it has weights of its own, to be one layer short shows."""
    freezing.freeze(residual, until="stem_dense")
    frozen = {layer.name for layer in residual.layers if layer.weights and not layer.trainable}
    assert frozen == {"stem_dense", "block1_norm", "block2_norm"}
    freezing.freeze(residual, until="scores", train_batch_norm=True)
    assert residual.trainable_variables == []


def test_a_model_that_was_frozen_as_a_whole_is_unfrozen(residual):
    residual.trainable = False
    freezing.freeze(residual, until="block1")
    assert [v.path for v in residual.trainable_variables] == [
        "block2_dense/kernel",
        "block2_dense/bias",
        "scores/kernel",
        "scores/bias",
    ]


def test_batch_normalisation_is_trained_on_request_above_the_last_frozen_layer(residual, rows):
    before = weights(residual)
    freezing.freeze(residual, until="block1", train_batch_norm=True)
    compile(residual)
    residual.fit(*rows, epochs=3, verbose=0)
    assert moved(residual, before) == {"block2_dense", "block2_norm", "scores"}
    statistics = "block2_norm/moving_mean"
    assert not np.array_equal(weights(residual)[statistics], before[statistics])


def test_frozen_batch_normalisation_works_as_in_inference(residual, rows):
    freezing.freeze(residual)
    x = rows[0]
    assert np.array_equal(residual(x, training=True), residual(x, training=False))
    freezing.freeze(residual, train_batch_norm=True)
    assert not np.allclose(residual(x, training=True), residual(x, training=False), atol=1e-3)


def test_nothing_but_batch_normalisation_is_frozen_without_a_layer(residual, rows):
    freezing.freeze(residual, until="block2")
    freezing.freeze(residual)
    before = weights(residual)
    compile(residual)
    residual.fit(*rows, epochs=3, verbose=0)
    assert moved(residual, before) == {"stem_dense", "block1_dense", "block2_dense", "scores"}


def test_batch_normalisation_within_a_nested_model_is_frozen_too(residual, rows):
    x = keras.Input((6,))
    outer = keras.Model(x, keras.layers.Dense(3)(residual(x)))
    before = weights(outer)
    freezing.freeze(outer)
    compile(outer)
    outer.fit(*rows, epochs=3, verbose=0)
    assert not {path for path in moved(outer, before) if "norm" in path}


def test_a_frozen_model_is_not_trained_before_it_is_compiled_again(residual, rows):
    compile(residual)
    freezing.freeze(residual, until="block1")
    with pytest.raises(ValueError, match="compile"):
        residual.fit(*rows, verbose=0)
    with pytest.raises(ValueError, match="compile"):
        freezing.check_compiled(residual)
    compile(residual)
    freezing.check_compiled(residual)
    residual.fit(*rows, verbose=0)
    freezing.check_compiled(residual)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others raise of themselves")
def test_a_change_by_hand_is_ignored_by_keras_and_noticed_here(residual, rows):
    compile(residual)
    freezing.check_compiled(residual)
    residual.fit(*rows, verbose=0)
    residual.get_layer("block1_dense").trainable = False
    before = weights(residual)
    residual.fit(*rows, verbose=0)
    assert "block1_dense" in moved(residual, before)
    with pytest.raises(ValueError, match=r"still trains \['block1_dense/bias', 'block1_dense/ker"):
        freezing.check_compiled(residual)
    compile(residual)
    freezing.check_compiled(residual)


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others raise of themselves")
def test_layers_that_were_unfrozen_by_hand_are_noticed_too(residual, rows):
    freezing.freeze(residual, until="block1")
    residual.compile(keras.optimizers.SGD(0.1), LOSS, run_eagerly=True)
    residual.train_on_batch(*rows)
    residual.get_layer("stem_dense").trainable = True
    with pytest.raises(ValueError, match=r"still leaves \['stem_dense/bias', 'stem_dense/kernel"):
        freezing.check_compiled(residual)


def test_a_layer_where_the_model_cannot_be_cut_is_refused(residual):
    with pytest.raises(ValueError, match="cannot be cut at 'block1_dense'"):
        freezing.freeze(residual, until="block1_dense")


def test_layers_are_unfrozen_epoch_by_epoch(residual, rows):
    at_end_of_epoch = []

    def note(epoch, logs):
        at_end_of_epoch.append(weights(residual))

    before = weights(residual)
    history = freezing.fit_gradually(
        residual,
        {0: "block2", 2: "block1", 3: None},
        compile,
        5,
        *rows,
        verbose=0,
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=note)],
    )
    assert len(history["loss"]) == len(at_end_of_epoch) == 5
    trained = []
    for after in at_end_of_epoch:
        trained.append({p.split("/")[0] for p in after if not np.array_equal(after[p], before[p])})
        before = after
    two = {"block2_dense", "scores"}
    everything = {"stem_dense", "block1_dense", *two}
    assert trained == [{"scores"}, {"scores"}, two, everything, everything]


def test_one_stage_is_plain_training(residual, rows):
    start = residual.get_weights()
    freezing.freeze(residual, until="block1")
    compile(residual)
    residual.fit(*rows, epochs=3, shuffle=False, verbose=0)
    plain = residual.get_weights()
    residual.set_weights(start)
    freezing.fit_gradually(residual, {0: "block1"}, compile, 3, *rows, shuffle=False, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(plain, residual.get_weights()))


def test_a_plan_is_followed_in_the_order_of_its_epochs(monkeypatch):
    """Frozen, then compiled, then trained from one epoch of the plan to the next."""
    done = []

    class Model:
        def fit(self, x, initial_epoch, epochs):
            done.append((initial_epoch, epochs))
            return keras.callbacks.History()

    monkeypatch.setattr(freezing, "freeze", lambda model, until: done.append(until))
    monkeypatch.setattr(keras.callbacks.History, "history", {}, raising=False)
    freezing.fit_gradually(
        Model(), {3: None, 0: "block2", 2: "block1"}, lambda model: done.append("compiled"), 5, 0
    )
    stages = [("block2", (0, 2)), ("block1", (2, 3)), (None, (3, 5))]
    assert done == [step for until, span in stages for step in (until, "compiled", span)]


@pytest.mark.parametrize("plan", [{}, {1: "block1"}, {0: "block2", 5: "block1"}])
def test_a_plan_covers_all_epochs(residual, rows, plan):
    with pytest.raises(ValueError, match=r"begins at epoch 0 and ends before epoch 5.*epochs are"):
        freezing.fit_gradually(residual, plan, compile, 5, *rows)


def steps_of(model, rows, optimizer):
    """How far each variable moves in one step over all rows."""
    before = weights(model)
    model.compile(optimizer, LOSS, jit_compile=False)
    model.fit(*rows, batch_size=len(rows[1]), verbose=0)
    return {v.path: v.numpy() - before[v.path] for v in model.trainable_variables}


@needs_rates
def test_steps_are_in_the_ratio_of_the_rates(residual, rows):
    start = residual.get_weights()
    freezing.freeze(residual)
    together = steps_of(residual, rows, keras.optimizers.SGD(0.5))
    residual.set_weights(start)
    rates = {"stem_.*": 0.005, "block1_.*": 0.05}
    apart = steps_of(
        residual, rows, freezing.layer_rates(residual, keras.optimizers.SGD(0.5), rates)
    )
    for path, step in together.items():
        ratio = {"stem_dense": 0.01, "block1_dense": 0.1}.get(path.split("/")[0], 1)
        assert np.abs(step).max() > 1e-3
        assert np.allclose(apart[path], ratio * step, rtol=1e-3, atol=1e-7), path


@needs_rates
def test_the_optimizers_settings_hold_for_all_layers(residual):
    adam = keras.optimizers.Adam(1e-3, beta_1=0.8, clipnorm=2.0)
    optimizer = freezing.layer_rates(residual, adam, {"stem_.*": 1e-5})
    early, rest = optimizer.optimizers
    assert rest is adam
    assert (early.beta_1, early.clipnorm) == (0.8, 2.0)
    assert float(early.learning_rate) == pytest.approx(1e-5)


@needs_rates
def test_a_rate_may_follow_a_schedule(residual, rows):
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([1], [0.1, 0.0])
    rates = {"stem_.*": schedule}
    optimizer = freezing.layer_rates(residual, keras.optimizers.SGD(0.1), rates)
    residual.compile(optimizer, LOSS, jit_compile=False)
    residual.fit(*rows, batch_size=40, epochs=2, verbose=0)
    before = weights(residual)
    residual.fit(*rows, batch_size=40, verbose=0)
    assert "stem_dense" not in moved(residual, before)


@needs_rates
@pytest.mark.parametrize("pattern", ["stem", "stem_dense", "block9_.*", "block1_norm/moving_.*"])
def test_a_pattern_that_matches_nothing_is_refused(residual, pattern):
    with pytest.raises(ValueError, match=r"no trainable variable.*stem_dense/kernel"):
        freezing.layer_rates(residual, keras.optimizers.SGD(0.1), {pattern: 0.01})


@needs_rates
def test_a_pattern_that_matches_only_what_is_frozen_is_refused(residual):
    freezing.freeze(residual, until="stem")
    with pytest.raises(ValueError, match="no trainable variable"):
        freezing.layer_rates(residual, keras.optimizers.SGD(0.1), {"stem_.*": 0.01})


@needs_rates
def test_two_patterns_for_one_variable_are_refused(residual):
    with pytest.raises(ValueError, match="'stem_dense/kernel' gets one rate"):
        freezing.layer_rates(residual, keras.optimizers.SGD(0.1), {"stem_.*": 0.1, ".*": 0.01})
