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


@pytest.mark.parametrize("penalty", [0.3, 3.0, 30.0])
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
