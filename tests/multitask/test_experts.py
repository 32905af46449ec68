"""Gates and experts: by values, in their limits, and in what training does to them."""

import keras
import numpy as np
import pytest
from keras import ops

from course_lib.multitask import architectures
from course_lib.multitask.architectures import Gate
from tests.multitask.networks import (
    HEADS,
    TASKS,
    VECTORS,
    answers,
    assert_same,
    heads_say,
    make,
    say,
)


def mixture(gate, x, said):
    """Σ softmax(W x + b)_e f_e, written out, with the mean over places of a picture."""
    kernel, bias = gate.get_weights()
    logits = np.mean(x, axis=tuple(range(1, x.ndim - 1))) @ kernel + bias
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return np.stack(
        [sum(share * f[row] for share, f in zip(shares[row], said)) for row in range(len(x))]
    )


def experts_say(model, name, count, x):
    return [say(model, f"{name}_expert_{e}", x) for e in range(count)]


def test_mmoe_is_its_formula(parts):
    model, x = make(architectures.mmoe, parts, experts=3), parts[-1]
    h = say(model, "shared_1", say(model, "shared_0", x))
    said = experts_say(model, "shared_2", 3, h)
    mixed = [mixture(model.get_layer(f"{task}_gate_2"), h, said) for task in TASKS]
    assert_same(answers(model, x), heads_say(model, mixed))


def test_ple_is_its_formula(parts):
    """Two levels: a gate looks at what its experts look at, and a shared gate at all experts."""
    model, x = make(architectures.ple, parts, shared=2, own=1), parts[-1]
    common = say(model, "shared_0", x)
    hidden = dict.fromkeys(TASKS, common)
    for level in (1, 2):
        for_all = experts_say(model, f"shared_{level}", 2, common)
        own = {t: experts_say(model, f"{t}_{level}", 1, hidden[t]) for t in TASKS}
        if level == 1:
            everybody = [own[t][0] for t in TASKS] + for_all
            common = mixture(model.get_layer("shared_gate_1"), common, everybody)
        hidden = {
            t: mixture(model.get_layer(f"{t}_gate_{level}"), hidden[t], own[t] + for_all)
            for t in TASKS
        }
    assert_same(answers(model, x), heads_say(model, hidden.values()))


def test_cgc_is_ple_on_one_level_and_without_own_experts_mmoe(parts):
    cgc, ple = (
        make(architectures.cgc, parts, shared=2, own=2),
        make(architectures.ple, parts, shared=2, own=2, levels=1),
    )
    ple.set_weights(cgc.get_weights())
    assert_same(answers(cgc, parts[-1]), answers(ple, parts[-1]))
    assert not any("shared_gate" in layer.name for layer in cgc.layers)
    cgc, mmoe = (
        make(architectures.cgc, parts, shared=3, own=0),
        make(architectures.mmoe, parts, experts=3),
    )
    mmoe.set_weights(cgc.get_weights())
    assert_same(answers(cgc, parts[-1]), answers(mmoe, parts[-1]))


@pytest.mark.parametrize(
    ("architecture", "options"),
    [
        (architectures.mmoe, {"experts": 1}),
        (architectures.cgc, {"shared": 1, "own": 0}),
        (architectures.ple, {"shared": 1, "own": 0, "levels": 3}),
    ],
)
def test_one_expert_for_all_is_hard_sharing(architecture, options, parts):
    model, hard = make(architecture, parts, **options), make(architectures.shared, parts)
    for layer in model.layers:
        if layer.weights and "gate" not in layer.name:
            name = layer.name.removesuffix("_expert_0")
            hard.get_layer(name).set_weights(layer.get_weights())
    assert_same(answers(model, parts[-1]), answers(hard, parts[-1]))


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_gates_that_choose_own_experts_make_separate_networks(levels, parts):
    """Above the stages that all share."""
    model = make(architectures.ple, parts, shared=2, own=1, levels=levels)
    cut = make(architectures.shared, parts, cut=3 - levels)
    for layer in model.layers:
        if isinstance(layer, Gate):
            kernel, bias = layer.get_weights()
            layer.set_weights([0 * kernel, 100 * np.eye(len(bias))[0]])
    for layer in cut.layers:
        if layer.weights:
            grown = layer.name[-1].isdigit() and not layer.name.startswith("shared")
            name = f"{layer.name}_expert_0" if grown else layer.name
            layer.set_weights(model.get_layer(name).get_weights())
    assert_same(answers(model, parts[-1]), answers(cut, parts[-1]))


def test_each_task_may_choose_another_expert(parts):
    """One-hot gates of their own: each task's network is that of the expert it chose."""
    model, x = make(architectures.mmoe, parts, experts=3), parts[-1]
    for chosen, task in enumerate(TASKS):
        kernel, _ = model.get_layer(f"{task}_gate_2").get_weights()
        model.get_layer(f"{task}_gate_2").set_weights([0 * kernel, 100 * np.eye(3)[chosen]])
    before = answers(model, x)
    weights = model.get_layer("shared_2_expert_1").get_weights()
    model.get_layer("shared_2_expert_1").set_weights([w + 1 for w in weights])
    after = answers(model, x)
    assert [task for task in TASKS if not np.allclose(before[task], after[task])] == ["height"]


def test_shares_sum_to_one_over_the_experts_of_each_row():
    keras.utils.set_random_seed(0)
    gate, x = Gate(), np.random.default_rng(0).normal(size=(5, 2, 3, 4)).astype("float32")
    said = [np.full((5, 7), value, "float32") for value in (1, 10, 100)]
    mixed = ops.convert_to_numpy(gate(x, said))
    shares = ops.convert_to_numpy(gate.shares(x))
    assert shares.shape == (5, 3)
    assert shares.sum(axis=1) == pytest.approx(1)
    assert np.ptp(shares, axis=0).min() > 1e-2
    assert mixed == pytest.approx((shares @ [1, 10, 100])[:, None] + np.zeros(7), rel=1e-5)


def test_a_gate_starts_without_a_preference_but_with_a_random_one_for_each_row():
    keras.utils.set_random_seed(0)
    gate = Gate()
    gate.build((None, 4), [(None, 7)] * 3)
    kernel, bias = gate.get_weights()
    assert np.all(bias == 0)
    assert len(np.unique(kernel)) == 12


@pytest.mark.parametrize("initializer", [keras.initializers.HeNormal(seed=1), "ones"])
@pytest.mark.parametrize(
    ("architecture", "options"),
    [(architectures.mmoe, {}), (architectures.cgc, {"own": 2}), (architectures.ple, {"shared": 2})],
)
def test_experts_that_start_alike_are_refused(architecture, options, initializer):
    def stage(name):
        return keras.layers.Dense(3, kernel_initializer=initializer, name=name)

    with pytest.raises(ValueError, match=r"'.*_expert_0' and '.*_expert_1' start from the same"):
        architecture(keras.Input((4,)), [stage, stage], HEADS, **options)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda i, s: architectures.mmoe(i, s, HEADS, experts=0), "at least one expert"),
        (lambda i, s: architectures.cgc(i, s, HEADS, shared=0, own=0), "at least one expert"),
        (lambda i, s: architectures.ple(i, s, HEADS, levels=4), "from 1 to 3, .* got 4"),
        (lambda i, s: architectures.ple(i, s, HEADS, levels=0), "from 1 to 3, .* got 0"),
    ],
)
def test_what_has_no_experts_or_no_stages_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(keras.Input((4,)), VECTORS[1])
