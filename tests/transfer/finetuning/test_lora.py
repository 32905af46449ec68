"""LoRA by hand: the base exactly, changes of low rank, and what Keras has."""

import keras
import numpy as np
import pytest
from keras import layers

from course_lib.transfer import freezing
from course_lib.transfer.finetuning import lora

RANK, ALPHA = 2, 6.0
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def train(model, batch, steps=1, rate=0.1):
    model.compile(keras.optimizers.SGD(rate), LOSS, run_eagerly=True)
    for _ in range(steps):
        model.train_on_batch(*batch)


def answers(model, x):
    return model(x).numpy()


def randomised(model):
    """A model whose A and B are drawn at random."""
    rng = np.random.default_rng(2)
    for weight in model.trainable_weights:
        weight.assign(0.3 * rng.normal(size=weight.shape))
    return model


def of(model, name):
    return [w for w in model.weights if w.path.endswith(name)]


def test_untrained_it_is_the_base_to_the_bit(pictures, batch):
    model = lora.add_lora(pictures, RANK, ALPHA, head=["scores"])
    assert np.array_equal(answers(model, batch[0]), answers(pictures, batch[0]))


def test_at_first_b_learns_and_then_a(pictures, batch):
    """A is random, so B has a gradient; B is zero, so A has none."""
    model = lora.add_lora(pictures, RANK)
    a, b = of(model, "/a"), of(model, "/b")
    start = [w.numpy() for w in a]
    assert all(np.abs(w).min() > 0 for w in start)
    assert not any(np.any(w.numpy()) for w in b)
    train(model, batch)
    assert all(np.array_equal(w, before) for w, before in zip(a, start))
    assert all(np.any(w.numpy()) for w in b)
    train(model, batch)
    assert not any(np.array_equal(w, before) for w, before in zip(a, start))


def test_only_a_and_b_and_the_head_are_trained(pictures, batch):
    model = lora.add_lora(pictures, RANK, head=["scores"])
    expected = {"first/a", "first/b", "second/a", "second/b", "scores/kernel", "scores/bias"}
    for unfreeze in (lambda model: None, freezing.freeze, lambda m: setattr(m, "trainable", True)):
        unfreeze(model)
        norm = {"norm/gamma", "norm/beta"}
        assert {w.path for w in model.trainable_weights} - norm == expected
    model = lora.add_lora(pictures, RANK, head=["scores"])
    assert {w.path for w in model.trainable_weights} == expected
    before = {w.path: w.numpy() for w in model.weights}
    train(model, batch, steps=2)
    moved = {w.path for w in model.weights if not np.array_equal(w, before[w.path])}
    assert moved == expected
    for name in ("first", "second"):
        inner, old = model.get_layer(name).layer, pictures.get_layer(name)
        assert all(np.array_equal(a, b) for a, b in zip(inner.get_weights(), old.get_weights()))


def test_the_model_that_is_given_stays_as_it_is(pictures, batch):
    before = pictures.get_weights()
    train(lora.add_lora(pictures, RANK), batch, steps=2)
    assert all(np.array_equal(a, b) for a, b in zip(before, pictures.get_weights(), strict=True))
    assert len(pictures.trainable_weights) == 7


@pytest.mark.parametrize("shape", [(4, 3), (3, 3, 4, 3)])
def test_the_kernel_is_the_formulas(shape):
    """W + α/r · A B, a convolution's kernel as a matrix of height · width · channels rows."""
    *rows, columns = shape
    inner = layers.Dense(columns) if len(shape) == 2 else layers.Conv2D(columns, 3)
    layer = lora.LoRA(inner, RANK, ALPHA)
    layer.build((None, *([9, 9] if len(shape) == 4 else []), rows[-1]))
    kernel, bias = inner.get_weights()
    randomised(layer)
    a, b = layer.a.numpy(), layer.b.numpy()
    change = ALPHA / RANK * a.reshape(-1, RANK) @ b
    merged = [np.asarray(w) for w in layer.merged()]
    assert merged[0].shape == shape
    assert np.allclose(merged[0], kernel + change.reshape(shape), atol=1e-6)
    assert np.array_equal(merged[1], bias)
    assert np.linalg.matrix_rank((merged[0] - kernel).reshape(-1, columns), tol=1e-4) == RANK


@pytest.mark.parametrize("inner", [layers.Dense(3), layers.Conv2D(3, 2)])
def test_full_rank_reaches_any_change(inner):
    layer = lora.LoRA(inner, rank=3, alpha=1.5)
    layer.build((None, 5) if isinstance(inner, layers.Dense) else (None, 4, 4, 5))
    wanted = np.random.default_rng(0).normal(size=inner.kernel.shape)
    layer.a.assign((wanted - inner.kernel.numpy()) * 3 / 1.5)
    layer.b.assign(np.eye(3))
    assert np.allclose(layer.merged()[0], wanted, atol=1e-5)


def test_alpha_is_the_rank_unless_given(pictures):
    assert lora.LoRA(layers.Dense(2), 4).alpha == 4
    assert lora.add_lora(pictures, RANK, ALPHA).get_layer("first").alpha == ALPHA


def test_merged_it_answers_as_before_and_is_an_ordinary_network(pictures, batch):
    model = randomised(lora.add_lora(pictures, RANK, ALPHA, head=["scores"]))
    merged = lora.merge(model)
    expected = answers(model, batch[0])
    assert np.allclose(answers(merged, batch[0]), expected, atol=1e-5)
    assert not np.allclose(answers(pictures, batch[0]), expected, atol=1e-1)
    assert [type(layer) for layer in merged.layers] == [type(layer) for layer in pictures.layers]
    assert merged.count_params() == pictures.count_params()


@pytest.mark.parametrize("inner", [layers.Dense, lambda units: layers.Conv2D(units, 3)])
def test_it_is_keras_own(inner, batch):
    """The same A and B give the same answers and, after a step, the same A and B."""
    x, _ = batch
    keras.utils.set_random_seed(0)

    def build(layer):
        entry = keras.Input((5, 5, 2))
        return keras.Model(entry, layers.GlobalAveragePooling2D()(layer(entry)))

    theirs, ours = inner(3), lora.LoRA(inner(3), RANK, ALPHA)
    models = [build(layer) for layer in (theirs, ours)]
    ours.layer.set_weights(theirs.get_weights())
    ours.layer.trainable = theirs.trainable = False
    theirs.trainable = True
    theirs.enable_lora(RANK, lora_alpha=ALPHA)
    theirs.bias.trainable = False
    randomised(ours)
    theirs.lora_kernel_a.assign(ours.a)
    theirs.lora_kernel_b.assign(ours.b)
    assert np.allclose(*(answers(model, x) for model in models), atol=1e-5)
    for model in models:
        train(model, batch)
    assert np.allclose(theirs.lora_kernel_a, ours.a, atol=1e-5)
    assert np.allclose(theirs.lora_kernel_b, ours.b, atol=1e-5)


def test_it_can_be_saved_and_loaded(pictures, batch, tmp_path):
    model = randomised(lora.add_lora(pictures, RANK, ALPHA, head=["scores"]))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert np.array_equal(answers(loaded, batch[0]), answers(model, batch[0]))
    paths = [[w.path for w in one.trainable_weights] for one in (model, loaded)]
    assert paths[0] == paths[1]
    assert np.allclose(answers(lora.merge(loaded), batch[0]), answers(model, batch[0]), atol=1e-5)


def test_the_inner_layers_precision_is_kept():
    layer = lora.LoRA(layers.Dense(3, dtype="mixed_bfloat16"), RANK)
    assert layer(np.ones((2, 4), "float32")).dtype.name == "bfloat16"
    assert layer.a.dtype == layer.layer.kernel.dtype == "float32"


@pytest.mark.parametrize(("layer", "rank"), [(layers.ReLU(), 2), (layers.Dense(2), 0)])
def test_other_layers_and_no_rank_are_refused(layer, rank):
    with pytest.raises(ValueError, match="Dense or Conv2D layer and a rank of at least 1"):
        lora.LoRA(layer, rank)


def test_a_head_that_is_not_there_is_refused(pictures):
    with pytest.raises(ValueError, match=r"no layers \['heat'\]. There are: .*scores"):
        lora.add_lora(pictures, RANK, head=["heat"])
