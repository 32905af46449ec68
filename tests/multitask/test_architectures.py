"""Architectures meet in their limits: hard sharing, and separate networks."""

import keras
import numpy as np
import pytest

from course_lib.multitask import architectures
from course_lib.multitask.architectures import CrossStitch, Distillation, SoftSharing
from course_lib.multitask.balancing import Balanced

TASKS = ("depth", "normals")
HEADS = {
    "depth": lambda name: keras.layers.Dense(1, name=name),
    "normals": lambda name: keras.layers.Dense(3, name=name),
}
ALL = [
    architectures.shared,
    architectures.separate,
    architectures.soft,
    architectures.cross_stitch,
    architectures.mtan,
    architectures.pad_net,
]


def dense(units):
    return lambda name: keras.layers.Dense(units, "relu", name=name)


def convolution(units):
    return lambda name: keras.Sequential(
        [keras.layers.Conv2D(units, 3, padding="same"), keras.layers.MaxPooling2D()], name=name
    )


def upwards(name):
    return keras.Sequential(
        [keras.layers.UpSampling2D(4), keras.layers.Conv2D(5, 3, padding="same")], name=name
    )


VECTORS = ((4,), [dense(6), dense(5)])
PICTURES = ((8, 12, 3), [convolution(4), convolution(6), upwards])


@pytest.fixture(params=[VECTORS, PICTURES], ids=["vectors", "pictures"])
def parts(request):
    """An input shape, a trunk's stages, and a batch of inputs."""
    keras.utils.set_random_seed(0)
    shape, stages = request.param
    return shape, stages, np.random.default_rng(0).normal(size=(3, *shape)).astype("float32")


def make(architecture, parts, **options):
    shape, stages, _ = parts
    return architecture(keras.Input(shape), stages, HEADS, **options)


def answers(model, x):
    return {name: keras.ops.convert_to_numpy(value) for name, value in model(x).items()}


def copy_weights(source, target, names):
    """Copies the weights of layers, by a dictionary from the target's names to the source's."""
    for to, of in names.items():
        target.get_layer(to).set_weights(source.get_layer(of).get_weights())


def assert_same(found, expected):
    for task in TASKS:
        assert np.allclose(found[task], expected[task], atol=1e-5)


@pytest.mark.parametrize("architecture", ALL)
def test_every_architecture_answers_every_task(architecture, parts):
    shape, _, x = parts
    found = answers(make(architecture, parts), x)
    assert found["depth"].shape == (3, *shape[:-1], 1)
    assert found["normals"].shape == (3, *shape[:-1], 3)


@pytest.mark.parametrize("architecture", ALL)
def test_every_architecture_is_saved_whole(architecture, parts, tmp_path):
    model = make(architecture, parts)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert_same(answers(again, parts[-1]), answers(model, parts[-1]))


def test_the_cut_says_how_many_stages_are_shared(parts):
    stages = len(parts[1])
    for cut in range(stages + 1):
        names = {layer.name for layer in make(architectures.shared, parts, cut=cut).layers}
        assert sum(name.startswith("shared_") for name in names) == cut
        assert sum(name.startswith("depth_") for name in names) == stages - cut + 1


def test_one_task_is_trained_as_by_itself():
    """The balanced model of one task makes the steps that Keras makes."""
    x = np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
    y = x[:, :1] ** 2
    heads = {"depth": HEADS["depth"]}
    shared = architectures.shared(keras.Input((4,)), VECTORS[1], heads)
    plain = keras.models.clone_model(shared)
    plain.set_weights(shared.get_weights())
    model = Balanced(shared)
    options = {"optimizer": keras.optimizers.SGD(0.1), "jit_compile": False}
    model.compile(loss={"depth": "mse"}, **options)
    plain.compile(loss={"depth": "mse"}, optimizer=keras.optimizers.SGD(0.1), jit_compile=False)
    for each in (model, plain):
        each.fit(x, {"depth": y}, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for found, expected in zip(shared.get_weights(), plain.get_weights()):
        assert np.allclose(found, expected, atol=1e-6)


def test_a_stitch_of_the_identity_leaves_networks_separate(parts):
    stitched = make(architectures.cross_stitch, parts, diagonal=1.0)
    separate = make(architectures.separate, parts)
    names = [layer.name for layer in separate.layers if layer.weights]
    copy_weights(stitched, separate, {name: name for name in names})
    assert_same(answers(stitched, parts[-1]), answers(separate, parts[-1]))


def test_a_stitch_gives_each_task_its_own_mixture():
    layer, xs = CrossStitch(0.8), [np.ones((2, 3)), np.zeros((2, 3)), np.full((2, 3), 10.0)]
    mixed = [keras.ops.convert_to_numpy(h) for h in layer(xs)]
    start = keras.ops.convert_to_numpy(layer.stitches)
    assert np.allclose(start, [[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]])
    assert np.allclose([h[0, 0] for h in mixed], [1.8, 1.1, 8.1])
    layer.stored.assign(np.array([[1, 2, 3], [0, 0, 1], [5, 0, 0]]) / layer.rate)
    assert np.allclose([np.asarray(h)[0, 0] for h in layer(xs)], [31, 10, 5])


def test_a_stitch_may_be_one_of_each_channel():
    """Channel 0 is swapped between two tasks, channel 1 stays."""
    layer = CrossStitch(0.8, per_channel=True)
    xs = [np.array([[[1.0, 2.0]]]), np.array([[[3.0, 4.0]]])]
    layer(xs)
    start = keras.ops.convert_to_numpy(layer.stitches)
    assert start.shape == (2, 2, 2)
    assert np.allclose(start, np.array([[0.8, 0.2], [0.2, 0.8]])[..., None])
    swapped, kept = np.eye(2)[::-1], np.eye(2)
    layer.stored.assign(np.stack([swapped, kept], axis=-1) / layer.rate)
    assert np.allclose([np.asarray(h).ravel() for h in layer(xs)], [[3, 2], [1, 4]])


@pytest.mark.parametrize(
    ("optimizer", "power"), [(keras.optimizers.Adam, 1), (keras.optimizers.SGD, 2)]
)
@pytest.mark.parametrize("per_channel", [False, True])
def test_stitches_learn_faster_by_their_rate(optimizer, power, per_channel):
    """One step moves them by the rate times as much, under gradient descent by its square."""
    moved = {}
    for rate in (1.0, 10.0):
        layer, inputs = CrossStitch(0.9, per_channel, rate), keras.Input((3,))
        model = keras.Model(inputs, layer([inputs, 2 * inputs])[0])
        start = keras.ops.convert_to_numpy(layer.stitches)
        model.compile(optimizer(1e-3), "mse", jit_compile=False)
        model.train_on_batch(np.ones((4, 3)), np.zeros((4, 3)))
        moved[rate] = keras.ops.convert_to_numpy(layer.stitches) - start
    assert np.abs(moved[1.0][0]).min() > 0
    assert np.all(moved[1.0][1] == 0)
    assert np.allclose(moved[10.0], 10**power * moved[1.0], rtol=1e-2)


def test_a_rate_that_moves_nothing_is_refused():
    with pytest.raises(ValueError, match=r"rate must be above 0, but got 0"):
        CrossStitch(rate=0)


def normalised(name):
    layers = [keras.layers.Conv2D(4, 3, padding="same"), keras.layers.BatchNormalization()]
    return keras.Sequential(layers, name=name)


def normalisations(layer):
    """All batch normalisations within a layer or model."""
    if isinstance(layer, keras.layers.BatchNormalization):
        return [layer]
    inner = [*getattr(layer, "layers", []), *getattr(layer, "copies", [])]
    return [one for part in inner for one in normalisations(part)]


@pytest.mark.parametrize("architecture", ALL)
def test_batch_normalisation_is_trained_and_used(architecture):
    """Training moves all means towards those of the batch, and prediction takes them from there."""
    model = Balanced(architecture(keras.Input((8, 12, 3)), [normalised] * 3, HEADS))
    model.compile(keras.optimizers.SGD(0.0), {"depth": "mse", "normals": "mse"}, jit_compile=False)
    x = np.random.default_rng(0).normal(5, 1, (6, 8, 12, 3)).astype("float32")
    y = {"depth": np.zeros((6, 8, 12, 1)), "normals": np.zeros((6, 8, 12, 3))}
    before = model.predict(x, verbose=0)
    layers = normalisations(model.network)
    assert len(layers) >= 3
    model.fit(x, y, batch_size=6, epochs=2, verbose=0)
    assert all(np.abs(np.asarray(layer.moving_mean)).max() > 0 for layer in layers)
    after = model.predict(x, verbose=0)
    for task in TASKS:
        assert not np.allclose(before[task], after[task])
        assert np.allclose(after[task][:2], model.predict(x[:2], verbose=0)[task], atol=1e-5)


def test_masks_of_one_make_hard_sharing(parts):
    attended, shared = make(architectures.mtan, parts), make(architectures.shared, parts)
    for layer in attended.layers:
        if "_mask_" in layer.name:
            kernel, bias = layer.get_weights()
            layer.set_weights([0 * kernel, bias + 100])
    names = [layer.name for layer in shared.layers if layer.weights]
    copy_weights(attended, shared, {name: name for name in names})
    assert_same(answers(attended, parts[-1]), answers(shared, parts[-1]))


def soft_layer(penalty):
    keras.utils.set_random_seed(0)
    return SoftSharing([keras.layers.Dense(1, name=f"copy_{t}") for t in range(2)], penalty)


def test_the_penalty_of_soft_sharing_is_its_formula():
    layer = soft_layer(0.3)
    layer([np.ones((2, 3)), np.ones((2, 3))])
    (one, _), (other, _) = (copy.get_weights() for copy in layer.copies)
    assert float(sum(layer.losses)) == pytest.approx(0.3 * np.sum((one - other) ** 2), rel=1e-5)


@pytest.mark.parametrize(("penalty", "distance"), [(0, 2), (0.5, 1), (100, 2 / 201)])
def test_soft_sharing_goes_from_separate_to_equal_weights(penalty, distance):
    """Two tasks want the slopes 0 and 2: at the optimum they lie 2 / (1 + 2λ) apart."""
    x = np.ones((150, 1), "float32")
    inputs = keras.Input((1,))
    slope = {"use_bias": False, "kernel_initializer": "zeros"}
    layer = SoftSharing([keras.layers.Dense(1, **slope) for _ in range(2)], penalty)
    low, high = layer([inputs, inputs])
    model = Balanced(keras.Model(inputs, {"low": low, "high": high}))
    rate = 0.45 / (1 + 2 * penalty)
    model.compile(
        keras.optimizers.SGD(rate),
        {"low": "mse", "high": "mse"},
        jit_compile=False,
        steps_per_execution=150,
    )
    labels = {"low": 0 * x, "high": 2 * x}
    model.fit(x, labels, batch_size=1, verbose=0)
    one, other = (float(copy.kernel[0, 0]) for copy in layer.copies)
    assert abs(other - one) == pytest.approx(distance, abs=0.01)


@pytest.fixture
def features():
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2, 5)).astype("float32") for _ in range(3)]


def distill(module, features, gate_bias=None):
    keras.utils.set_random_seed(0)
    layer = Distillation(module)
    layer(features)
    for gate in layer.gates:
        kernel, bias = gate.get_weights()
        if gate_bias is not None:
            gate.set_weights([0 * kernel, bias + gate_bias])
    return layer, [keras.ops.convert_to_numpy(h) for h in layer(features)]


def test_module_a_concatenates(features):
    _, found = distill("A", features)
    assert all(np.array_equal(h, np.concatenate(features, axis=-1)) for h in found)


def test_module_b_adds_messages_of_the_others(features):
    layer, found = distill("B", features)
    for target, own in enumerate(features):
        expected = own + sum(
            features[source] @ np.asarray(layer.messages[f"{target}_{source}"].kernel)
            for source in range(3)
            if source != target
        )
        assert np.allclose(found[target], expected, atol=1e-5)


def test_closed_gates_are_the_identity_and_open_ones_make_module_b(features):
    _, closed = distill("C", features, gate_bias=-100)
    assert all(np.allclose(h, own) for h, own in zip(closed, features))
    layer, opened = distill("C", features, gate_bias=100)
    plain = Distillation("B")
    plain(features)
    for name, message in plain.messages.items():
        message.set_weights(layer.messages[name].get_weights())
    assert all(np.allclose(h, b, atol=1e-5) for h, b in zip(opened, plain(features)))


def test_the_gate_listens_to_the_task_that_receives(features):
    """With zeros for task 0, the gate of task 0 is σ(0) = ½ whatever the others hold."""
    layer, _ = distill("C", features)
    found = np.asarray(layer([0 * features[0], features[1], 0 * features[2]])[0])
    message = features[1] @ np.asarray(layer.messages["0_1"].kernel)
    assert np.allclose(found, message / 2, atol=1e-5)


def test_another_module_is_refused():
    with pytest.raises(ValueError, match="'A', 'B' or 'C', but got 'D'"):
        Distillation("D")


@pytest.mark.parametrize(
    ("layer", "options"),
    [
        (CrossStitch(0.7, per_channel=True, rate=3.0), ("diagonal", "per_channel", "rate")),
        (Distillation("B"), ("module",)),
        (SoftSharing([keras.layers.Dense(2)] * 2, 0.3), ("penalty",)),
    ],
)
def test_layers_are_saved_with_their_options(layer, options):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(again) is type(layer)
    assert [getattr(again, name) for name in options] == [getattr(layer, name) for name in options]
