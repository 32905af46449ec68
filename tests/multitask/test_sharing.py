"""Each way of sharing equals what it says in a limit or a closed form."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from course_lib.multitask import baselines, sharing


def predict(model, data):
    return ops.convert_to_numpy(model([data.x, data.task]))[:, 0]


def fit(model, data, steps=1500):
    """Trains to convergence on all rows at once."""
    model.compile(
        keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.05, steps)),
        "mse",
        jit_compile=False,
    )
    rows = tf.data.Dataset.from_tensors(((data.x, data.task), data.y)).repeat()
    model.fit(rows, steps_per_epoch=steps, shuffle=False, verbose=0)
    return predict(model, data)


def all_models(data):
    return {
        "separate": sharing.separate(data.tasks, data.features, [4]),
        "pooled": sharing.pooled(data.features, [4]),
        "shared_trunk": sharing.shared_trunk(data.tasks, data.features, [4]),
        "gated": sharing.gated(data.tasks, data.features, [4]),
        "shared_plus_own": sharing.shared_plus_own(data.tasks, data.features, 0.1),
        "mmoe": sharing.mmoe(data.tasks, data.features, [4]),
        "cgc": sharing.cgc(data.tasks, data.features, [4]),
    }


def test_task_dense_is_a_dense_layer_for_each_task(data):
    layer = sharing.TaskDense(data.tasks, 4, "relu")
    stacked = ops.convert_to_numpy(layer(data.x, data.task))
    for t in range(data.tasks):
        dense = keras.layers.Dense(4, "relu")
        dense.build((None, data.features))
        dense.set_weights([layer.kernel[t], layer.bias[t]])
        own = data.task == t
        assert np.allclose(stacked[own], ops.convert_to_numpy(dense(data.x[own])), atol=1e-6)


def test_task_dense_starts_like_a_dense_layer_however_many_tasks_there_are():
    spread = []
    for tasks in (1, 100):
        layer = sharing.TaskDense(tasks, 200)
        layer.build((None, 50))
        spread.append(np.std(ops.convert_to_numpy(layer.kernel)))
    assert spread == pytest.approx([np.sqrt(2 / 50)] * 2, rel=0.05)


def test_a_tasks_kernel_is_its_columns_of_the_initial_one():
    """So that an initializer which scales with the fan-in sees the features as rows."""
    start = np.arange(24, dtype="float32").reshape(4, 6)
    layer = sharing.TaskDense(3, 2, kernel_initializer=lambda shape, dtype: start)
    layer.build((None, 4))
    for t in range(3):
        assert np.array_equal(layer.kernel[t], start[:, 2 * t : 2 * t + 2])


def test_models_take_features_and_task_and_return_one_prediction_a_row(data):
    for model in all_models(data).values():
        assert model([data.x, data.task]).shape == (30, 1)


def test_models_can_be_saved_and_loaded(data, tmp_path):
    for name, model in all_models(data).items():
        model.save(tmp_path / f"{name}.keras")
        loaded = keras.models.load_model(tmp_path / f"{name}.keras")
        assert np.array_equal(predict(loaded, data), predict(model, data))


def test_separate_models_share_nothing(data):
    """Training on one task alone leaves every other task's weights as they were."""
    model = sharing.separate(data.tasks, data.features, [4])
    before = model.get_weights()
    model.compile(keras.optimizers.SGD(0.1), "mse", jit_compile=False)
    own = data.task == 1
    model.fit([data.x[own], data.task[own]], data.y[own], epochs=3, verbose=0)
    for old, new in zip(before, model.get_weights()):
        assert np.array_equal(old[[0, 2]], new[[0, 2]])
        assert not np.array_equal(old[1], new[1])


def test_separate_models_are_plain_networks(data):
    model = sharing.separate(data.tasks, data.features, [4])
    weights = model.get_weights()
    for t in range(data.tasks):
        plain = keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
        plain.build((None, data.features))
        plain.set_weights([weight[t] for weight in weights])
        own = data.task == t
        expected = ops.convert_to_numpy(plain(data.x[own]))[:, 0]
        assert np.allclose(predict(model, data)[own], expected, atol=1e-6)


def test_each_task_adds_its_own_bias(data):
    layer = sharing.TaskDense(data.tasks, 1)
    layer(data.x, data.task)
    layer.kernel.assign(ops.zeros_like(layer.kernel))
    layer.bias.assign([[1.0], [2.0], [3.0]])
    assert np.array_equal(ops.convert_to_numpy(layer(data.x, data.task))[:, 0], data.task + 1)


def test_a_shared_trunk_pays_for_trunk_and_heads(data):
    model = sharing.shared_trunk(data.tasks, data.features, [4, 3], penalty=0.3)
    kernels = [weight for weight in model.get_weights() if weight.ndim == 2 and len(weight) > 3]
    heads = [weight for weight in model.get_weights() if weight.shape == (data.tasks, 3, 1)]
    assert (len(kernels), len(heads)) == (2, 1)
    expected = 0.3 * sum(np.sum(weight**2) for weight in kernels + heads)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_shared_plus_own_pays_for_deviations_alone(data):
    model = sharing.shared_plus_own(data.tasks, data.features, 0.5)
    for weight in model.weights:
        weight.assign(ops.ones_like(weight))
    assert float(sum(model.losses)) == pytest.approx(0.5 * data.tasks * data.features)


def test_loaded_models_pay_the_same_penalty(data, tmp_path):
    for model in (
        sharing.shared_trunk(data.tasks, data.features, [4], penalty=0.3),
        sharing.shared_plus_own(data.tasks, data.features, 0.3),
    ):
        for weight in model.weights:
            weight.assign(ops.ones_like(weight))
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert float(sum(loaded.losses)) == pytest.approx(float(sum(model.losses))) != 0


def test_a_pooled_model_does_not_see_the_task(data):
    model = sharing.pooled(data.features, [4])
    other = ops.convert_to_numpy(model([data.x, np.zeros_like(data.task)]))[:, 0]
    assert np.array_equal(predict(model, data), other)


def test_a_shared_trunk_with_one_task_is_a_plain_network(data):
    model = sharing.shared_trunk(1, data.features, [4])
    plain = keras.Sequential([keras.layers.Dense(4, "relu"), keras.layers.Dense(1)])
    plain.build((None, data.features))
    plain.set_weights([weight.reshape(new.shape) for weight, new in _pair(model, plain)])
    data.task[:] = 0
    assert np.allclose(predict(model, data), ops.convert_to_numpy(plain(data.x))[:, 0], atol=1e-6)


def test_a_linear_trunk_gives_weights_of_low_rank(data):
    model = sharing.shared_trunk(data.tasks, data.features, [2], activation="linear")
    trunk, _, heads, _ = model.get_weights()
    assert np.linalg.matrix_rank(trunk @ heads[..., 0].T) == 2


def test_open_gates_make_a_pooled_network(data):
    gated = sharing.gated(data.tasks, data.features, [4])
    gated.get_layer("gate").set_weights([np.full((data.tasks, 4), 100.0)])
    pooled = sharing.pooled(data.features, [4])
    pooled.set_weights([w for w in gated.get_weights() if w.shape != (data.tasks, 4)])
    assert np.allclose(predict(gated, data), predict(pooled, data), atol=1e-6)


def test_gates_are_sigmoids_of_each_rows_own_task(data):
    gated = randomised(sharing.gated(data.tasks, data.features, [4]))
    (w1, b1), (w2, b2) = (layer.get_weights() for layer in gated.layers if "dense" in layer.name)
    (table,) = gated.get_layer("gate").get_weights()
    h = np.maximum(data.x @ w1 + b1, 0) / (1 + np.exp(-table[data.task]))
    assert predict(gated, data) == pytest.approx((h @ w2 + b2)[:, 0], abs=1e-5)


def randomised(model):
    """The model with other weights: no bias is 0, no gate even."""
    rng = np.random.default_rng(1)
    model.set_weights([rng.normal(0, 0.7, w.shape).astype("float32") for w in model.get_weights()])
    return model


def task_dense(layer, x, task):
    """What each row's own weights make of it, before the activation."""
    kernel, bias = layer.get_weights()
    return np.einsum("bf,bfu->bu", x, kernel[task]) + bias[task]


@pytest.mark.parametrize("build", [sharing.mmoe, sharing.cgc])
def test_mixtures_by_rows_are_their_formula(data, build):
    """Σ softmax(W_t x + b_t)_e f_e(x) of two shared experts, for CGC of the task's own one too."""
    model = randomised(build(data.tasks, data.features, [4], experts=2))
    shared = [layer for layer in model.layers if type(layer) is keras.layers.Dense]
    *own, gate, last = [layer for layer in model.layers if type(layer) is sharing.TaskDense]
    assert gate.name == "gate"
    said = [task_dense(layer, data.x, data.task) for layer in own]
    said += [data.x @ kernel + bias for kernel, bias in (layer.get_weights() for layer in shared)]
    assert (len(own), len(shared)) == (build is sharing.cgc, 2)
    shares = np.exp(task_dense(gate, data.x, data.task))
    shares /= shares.sum(axis=1, keepdims=True)
    h = sum(share[:, None] * np.maximum(f, 0) for share, f in zip(shares.T, said))
    expected = task_dense(last, h, data.task)[:, 0]
    assert predict(model, data) == pytest.approx(expected, abs=1e-4)


def test_one_shared_expert_is_a_shared_trunk_and_an_own_one_alone_is_separate(data):
    limits = (
        (sharing.mmoe, 1, sharing.shared_trunk(data.tasks, data.features, [4])),
        (sharing.cgc, 0, sharing.separate(data.tasks, data.features, [4])),
    )
    for build, experts, plain in limits:
        model = randomised(build(data.tasks, data.features, [4], experts=experts))
        kept = [layer for layer in model.layers if layer.weights and layer.name != "gate"]
        plain.set_weights([weight for layer in kept for weight in layer.get_weights()])
        assert predict(model, data) == pytest.approx(predict(plain, data), abs=1e-5)


@pytest.mark.parametrize("build", [sharing.separate, sharing.mmoe, sharing.cgc])
def test_all_kernels_pay_the_penalty(data, build):
    model = randomised(build(data.tasks, data.features, [4], penalty=0.3))
    kernels = [layer.kernel for layer in model.layers if layer.weights]
    expected = 0.3 * sum(np.sum(ops.convert_to_numpy(kernel) ** 2) for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


PENALTIES = [3.0, *(pytest.param(value, marks=pytest.mark.slow) for value in (0.3, 30.0))]


@pytest.mark.parametrize("penalty", PENALTIES)
def test_fit_finds_the_closed_form_of_shared_plus_own(data, penalty):
    model = sharing.shared_plus_own(data.tasks, data.features, penalty / len(data.y))
    closed = baselines.shared_plus_own_ridge(data.x, data.task, data.y, data.tasks, penalty)
    assert np.allclose(fit(model, data), baselines.predict(closed, data.x, data.task), atol=0.01)


def test_fit_finds_the_closed_form_of_a_pooled_linear_model(data):
    closed = data.x @ baselines.ridge(data.x, data.y, 1e-6)
    assert np.allclose(fit(sharing.pooled(data.features), data), closed, atol=0.01)


def _pair(model, other):
    """Weights of two models, in their order."""
    return list(zip(model.get_weights(), other.weights))
