"""Architectures by values: what a network answers is what its formula says, at any weights."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops

from course_lib.multitask import architectures
from course_lib.multitask.architectures.parts import of_size
from tests.multitask.networks import TASKS, VECTORS, answers, assert_same, heads_say, make, say


@pytest.mark.parametrize("cut", range(4))
def test_a_cut_network_is_its_formula(parts, cut):
    """Shared up to the cut; above it, each task goes on with layers of its own."""
    model, x = make(architectures.shared, parts, cut=cut), parts[-1]
    common = x
    for number in range(cut):
        common = say(model, f"shared_{number}", common)
    hidden = [common] * 3
    for number in range(cut, 3):
        hidden = [say(model, f"{task}_{number}", h) for task, h in zip(TASKS, hidden)]
    assert_same(answers(model, x), heads_say(model, hidden))


def test_soft_sharing_answers_as_separate_networks_do(parts):
    model, separate = make(architectures.soft, parts), make(architectures.separate, parts)
    for number in range(3):
        for task, copy in zip(TASKS, model.get_layer(f"soft_{number}").copies):
            separate.get_layer(f"{task}_{number}").set_weights(copy.get_weights())
    for task in TASKS:
        separate.get_layer(f"{task}_head").set_weights(
            model.get_layer(f"{task}_head").get_weights()
        )
    assert_same(answers(model, parts[-1]), answers(separate, parts[-1]))


def test_soft_sharing_pays_for_each_pair_of_tasks_each_weight_and_each_stage(parts):
    model = make(architectures.soft, parts, penalty=0.3)
    model(parts[-1])
    expected = 0.0
    for number in range(3):
        copies = [copy.get_weights() for copy in model.get_layer(f"soft_{number}").copies]
        for one, other in itertools.combinations(copies, 2):
            expected += 0.3 * sum(np.sum((a - b) ** 2) for a, b in zip(one, other))
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_soft_sharing_ties_weights_and_no_statistics():
    """Two batch normalisations differ in what they have seen, and pay for nothing."""
    copies = [keras.layers.BatchNormalization(name=f"copy_{task}") for task in range(2)]
    layer = architectures.SoftSharing(copies, 1.0)
    layer([np.ones((2, 3), "float32")] * 2)
    copies[0].moving_mean.assign([1.0, 2.0, 3.0])
    assert float(sum(layer.losses)) == 0
    layer([np.ones((2, 3), "float32")] * 2)
    assert float(sum(layer.losses)) == 0


@pytest.mark.parametrize("per_channel", [False, True])
def test_cross_stitch_is_its_formula(parts, per_channel):
    """A stitch after every stage, the last one too; row i makes the input of task i."""
    model, x = make(architectures.cross_stitch, parts, per_channel=per_channel), parts[-1]
    hidden = [x] * 3
    for number in range(3):
        own = np.stack([say(model, f"{task}_{number}", h) for task, h in zip(TASKS, hidden)])
        stitches = ops.convert_to_numpy(model.get_layer(f"stitch_{number}").stitches)
        rule = "ijc,j...c->i...c" if per_channel else "ij,j...->i..."
        hidden = np.einsum(rule, stitches, own)
    assert_same(answers(model, x), heads_say(model, hidden))


def resized(x, like):
    """Means of blocks of pixels, as many as the other picture has."""
    if x.ndim < 4:
        return x
    rows, (height, width) = len(x), like.shape[1:3]
    blocks = (rows, height, x.shape[1] // height, width, x.shape[2] // width, x.shape[3])
    return x.reshape(blocks).mean(axis=(2, 4))


def test_mtan_is_its_formula(parts):
    """mask = σ(W₂ relu(W₁ [h, picked])), one for each task and stage."""
    model, x = make(architectures.mtan, parts), parts[-1]
    h, picked = x, {}
    for number in range(3):
        h = say(model, f"shared_{number}", h)
        for task in TASKS:
            seen = h
            if task in picked:
                seen = np.concatenate([h, resized(picked[task], h)], axis=-1)
            (w1, b1), (w2, b2) = (
                model.get_layer(f"{task}_{part}_{number}").get_weights()
                for part in ("attention", "mask")
            )
            mask = 1 / (1 + np.exp(-(np.maximum(seen @ w1 + b1, 0) @ w2 + b2)))
            picked[task] = mask * h
    assert_same(answers(model, x), heads_say(model, picked.values()))


def test_pixels_are_pooled_or_repeated():
    small = np.arange(8, dtype="float32").reshape(1, 2, 2, 2)
    large = small.repeat(3, axis=1).repeat(2, axis=2)
    assert np.array_equal(of_size(small, large), large)
    noise = np.random.default_rng(0).normal(size=large.shape).astype("float32")
    assert np.allclose(of_size(noise, small), resized(noise, small), atol=1e-6)
    assert of_size(noise, large) is noise
    with pytest.raises(ValueError, match=r"of \(3, 4\) pixels .* to \(6, 6\)"):
        of_size(np.zeros((1, 3, 4, 1)), np.zeros((1, 6, 6, 1)))


def distilled(layer, module, xs):
    """What module A, B or C makes of features, with all weights as they are."""
    if module == "A":
        return [np.concatenate(xs, axis=-1)] * len(xs)
    results = []
    for k, own in enumerate(xs):
        sources = [t for t in range(len(xs)) if t != k]
        received = sum(ops.convert_to_numpy(layer.messages[f"{k}_{t}"](xs[t])) for t in sources)
        gate = ops.convert_to_numpy(layer.gates[k](own)) if module == "C" else 1
        results.append(own + gate * received)
    return results


@pytest.mark.parametrize("module", "ABC")
def test_pad_net_is_its_formula(parts, module):
    """First answers from each task's own features, last ones from what was passed on."""
    model, x = make(architectures.pad_net, parts, module=module), parts[-1]
    common = say(model, "shared_1", say(model, "shared_0", x))
    features = [say(model, f"{task}_2", common) for task in TASKS]
    passed = distilled(model.get_layer("distillation"), module, features)
    first = heads_say(model, features, prefix="initial_")
    assert_same(answers(model, x), first | heads_say(model, passed))


def test_messages_and_gates_are_linear_layers_of_their_own():
    """3 × 3 convolutions on pictures; messages without an activation, gates with a sigmoid."""
    for x, kind in (
        (np.ones((1, 4, 5, 3)), keras.layers.Conv2D),
        (np.ones((1, 3)), keras.layers.Dense),
    ):
        layer = architectures.Distillation("C")
        layer([x.astype("float32")] * 3)
        assert len(layer.messages) == 6
        assert len({id(part) for part in [*layer.messages.values(), *layer.gates]}) == 9
        for message in layer.messages.values():
            assert type(message) is kind
            assert message.activation is keras.activations.linear
        assert all(gate.activation is keras.activations.sigmoid for gate in layer.gates)
        if kind is keras.layers.Conv2D:
            assert {part.kernel_size for part in layer.gates} == {(3, 3)}


def test_all_parts_of_all_architectures_are_trained():
    """A step moves every trainable weight: nothing is made and left out of the sum."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(16, 4)).astype("float32")
    names = ("shared", "separate", "soft", "cross_stitch", "mtan", "pad_net", "mmoe", "cgc", "ple")
    for name in names:
        model = make(getattr(architectures, name), (*VECTORS, x))
        model.compile(keras.optimizers.SGD(0.1), "mse", run_eagerly=True)
        before = [(w.path, ops.convert_to_numpy(w)) for w in model.trainable_weights]
        labels = {task: rng.normal(size=(16, *y.shape[1:])) for task, y in model.output.items()}
        model.train_on_batch(x, labels)
        for (path, old), new in zip(before, model.trainable_weights):
            assert not np.array_equal(old, new), f"{name}: {path}"
