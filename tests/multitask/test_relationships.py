"""The matrix-normal prior is the Gaussian it stands for, and finds which tasks are related."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy.stats import matrix_normal, multivariate_normal

from course_lib.multitask import relationships

TASKS, FEATURES, UNITS = 3, 4, 5


def random_covariance(rng, size):
    """A covariance matrix with mean variance one."""
    factor = rng.normal(size=(size, 2 * size))
    covariance = factor @ factor.T
    return covariance * size / np.trace(covariance)


@pytest.fixture
def prior():
    """A kernel, Σ_F and Σ_T."""
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=(TASKS, FEATURES, UNITS)),
        random_covariance(rng, FEATURES),
        random_covariance(rng, TASKS),
    )


def penalty(*parts):
    parts = [np.asarray(part, "float32") for part in parts]
    return float(ops.convert_to_numpy(relationships.matrix_normal_penalty(*parts)))


CONSTANT = UNITS * TASKS * FEATURES * np.log(2 * np.pi) / 2


def test_the_penalty_is_the_negative_log_density_of_the_vectorised_kernel(prior):
    kernel, feature_covariance, task_covariance = prior
    gaussian = multivariate_normal(cov=np.kron(task_covariance, feature_covariance))
    density = sum(gaussian.logpdf(kernel[..., unit].ravel()) for unit in range(UNITS))
    assert penalty(*prior) == pytest.approx(-density - CONSTANT, rel=1e-5)


def test_the_penalty_is_that_of_scipys_matrix_normal_distribution(prior):
    kernel, feature_covariance, task_covariance = prior
    density = matrix_normal(rowcov=feature_covariance, colcov=task_covariance)
    total = density.logpdf(np.transpose(kernel, (2, 1, 0))).sum()
    assert penalty(*prior) == pytest.approx(-total - CONSTANT, rel=1e-5)


def test_with_a_covariance_of_units_it_is_the_gaussian_of_the_whole_kernel(prior):
    unit_covariance = random_covariance(np.random.default_rng(1), UNITS)
    kernel, feature_covariance, task_covariance = prior
    whole = np.kron(np.kron(task_covariance, feature_covariance), unit_covariance)
    density = multivariate_normal(cov=whole).logpdf(kernel.ravel())
    assert penalty(*prior, unit_covariance) == pytest.approx(-density - CONSTANT, rel=1e-4)


def test_identity_covariances_give_half_the_sum_of_squares(prior):
    kernel, _, _ = prior
    identities = np.eye(FEATURES), np.eye(TASKS)
    assert penalty(kernel, *identities) == pytest.approx(np.sum(kernel**2) / 2, rel=1e-5)


def test_larger_covariances_cost_their_log_determinants(prior):
    """Without them the penalty would go to zero as the covariances grow."""
    kernel, feature_covariance, task_covariance = prior
    nothing = np.zeros_like(kernel)
    determinants = TASKS * np.linalg.slogdet(feature_covariance)[1]
    determinants += FEATURES * np.linalg.slogdet(task_covariance)[1]
    assert penalty(nothing, *prior[1:]) == pytest.approx(UNITS * determinants / 2, rel=1e-4)
    larger = penalty(nothing, 7 * feature_covariance, task_covariance)
    growth = UNITS * TASKS * FEATURES * np.log(7) / 2
    assert larger - penalty(nothing, *prior[1:]) == pytest.approx(growth, rel=1e-4)


def test_the_scale_of_one_covariance_can_move_to_the_other(prior):
    kernel, feature_covariance, task_covariance = prior
    moved = penalty(kernel, feature_covariance * 5, task_covariance / 5)
    assert moved == pytest.approx(penalty(*prior), rel=1e-5)


def sampled(feature_covariance, task_covariance, units, seed=1):
    """Kernels `(tasks, features, units)` drawn from the prior."""
    rng = np.random.default_rng(seed)
    feature_factor = np.linalg.cholesky(feature_covariance)
    task_factor = np.linalg.cholesky(task_covariance)
    white = rng.normal(size=(len(task_covariance), len(feature_covariance), units))
    return np.einsum("ts,fg,sgu->tfu", task_factor, feature_factor, white).astype("float32")


def flip_flop(kernel, axes=2, **options):
    """Σ_F and Σ_T, or with three axes also Σ_U, from identities."""
    sizes = (kernel.shape[1], kernel.shape[0], kernel.shape[2])
    start = [np.eye(size, dtype="float32") for size in sizes[:axes]] + [None] * (3 - axes)
    found = relationships.flip_flop(ops.convert_to_tensor(kernel), start, **options)
    assert all(covariance is None for covariance in found[axes:])
    return [ops.convert_to_numpy(covariance) for covariance in found[:axes]]


def test_flip_flop_recovers_the_covariances_that_kernels_were_drawn_from(prior):
    _, feature_covariance, task_covariance = prior
    kernel = sampled(feature_covariance, task_covariance, units=20000)
    found = flip_flop(kernel, epsilon=0.0, steps=5)
    assert found[0] == pytest.approx(feature_covariance, abs=0.03)
    assert found[1] == pytest.approx(task_covariance, abs=0.03)


def test_flip_flop_recovers_a_covariance_of_units(prior):
    """From many features, which are independent: None stays None, and is not learned."""
    task_covariance = prior[2]
    unit_covariance = random_covariance(np.random.default_rng(1), UNITS)
    white = np.random.default_rng(2).normal(size=(TASKS, 4000, UNITS))
    factors = np.linalg.cholesky(task_covariance), np.linalg.cholesky(unit_covariance)
    kernel = np.einsum("ts,uv,sfv->tfu", *factors, white).astype("float32")
    start = None, np.eye(TASKS, dtype="float32"), np.eye(UNITS, dtype="float32")
    found = relationships.flip_flop(ops.convert_to_tensor(kernel), start, epsilon=0.0, steps=5)
    assert found[0] is None
    assert ops.convert_to_numpy(found[1]) == pytest.approx(task_covariance, abs=0.05)
    assert ops.convert_to_numpy(found[2]) == pytest.approx(unit_covariance, abs=0.05)


def test_each_covariance_is_the_scatter_of_kernels_whitened_by_the_others(prior):
    kernel = prior[0].astype("float32")
    found = flip_flop(kernel, axes=3, epsilon=0.0, steps=50)
    feature, task, unit = (np.linalg.inv(covariance) for covariance in found)
    scatters = (
        np.einsum("tfu,ts,uv,sgv->fg", kernel, task, unit, kernel),
        np.einsum("tfu,fg,uv,sgv->ts", kernel, feature, unit, kernel),
        np.einsum("tfu,ts,fg,sgv->uv", kernel, task, feature, kernel),
    )
    for covariance, scatter in zip(found, scatters):
        expected = scatter * len(scatter) / np.trace(scatter)
        assert covariance == pytest.approx(expected, abs=1e-2)


def test_flip_flop_finds_the_most_likely_covariances(prior):
    """At a common scale no other covariances make the kernel more likely."""
    kernel = sampled(*prior[1:], units=50)
    found = flip_flop(kernel, epsilon=0.0, steps=20)
    scale = 2 * (penalty(kernel, *found) - penalty(np.zeros_like(kernel), *found)) / kernel.size
    best = penalty(kernel, found[0], scale * found[1])
    rng = np.random.default_rng(2)
    for _ in range(20):
        near = []
        for covariance in found:
            change = np.eye(len(covariance)) + 0.05 * rng.normal(size=covariance.shape)
            near.append(change @ covariance @ change.T)
        assert penalty(kernel, near[0], scale * near[1]) > best


@pytest.mark.parametrize("factor", [1e-3, 1.0, 1e3])
def test_the_scale_of_both_covariances_is_fixed(prior, factor):
    kernel = factor * prior[0].astype("float32")
    found, reference = flip_flop(kernel), flip_flop(prior[0].astype("float32"))
    assert np.trace(found[0]) == pytest.approx(FEATURES, rel=1e-5)
    assert np.trace(found[1]) == pytest.approx(TASKS, rel=1e-5)
    for scaled, plain in zip(found, reference):
        assert scaled == pytest.approx(plain, abs=1e-4)


def test_one_turn_goes_over_features_units_and_tasks_each_from_the_newest_others(prior):
    """From covariances that are no identities, so that the order shows."""
    kernel, rng = prior[0].astype("float32"), np.random.default_rng(3)
    feature, task, unit = (random_covariance(rng, size) for size in (FEATURES, TASKS, UNITS))

    def scaled(scatter):
        return scatter * len(scatter) / np.trace(scatter)

    inverse = np.linalg.inv
    start = [np.asarray(c, "float32") for c in (feature, task, unit)]
    feature = scaled(np.einsum("tfu,ts,uv,sgv->fg", kernel, inverse(task), inverse(unit), kernel))
    unit = scaled(np.einsum("tfu,ts,fg,sgv->uv", kernel, inverse(task), inverse(feature), kernel))
    task = scaled(np.einsum("tfu,fg,uv,sgv->ts", kernel, inverse(feature), inverse(unit), kernel))
    found = relationships.flip_flop(ops.convert_to_tensor(kernel), start, epsilon=0.0)
    for covariance, expected in zip(found, (feature, task, unit)):
        assert ops.convert_to_numpy(covariance) == pytest.approx(expected, abs=1e-3)


def test_covariances_of_equal_tasks_stay_positive_definite():
    kernel = np.repeat(np.random.default_rng(0).normal(size=(1, 6, 3)), 4, axis=0)
    for covariance in flip_flop(kernel.astype("float32"), steps=20):
        assert np.linalg.eigvalsh(covariance).min() > 1e-3


@pytest.mark.parametrize("shape", [(7, 4), (2, 6, 5, 4)])
def test_a_related_layer_is_a_dense_layer_for_each_task(shape):
    x = list(np.random.default_rng(0).normal(size=(3, *shape)).astype("float32"))
    layer = relationships.RelatedDense(5, 3, "relu")
    outputs = layer(x)
    for task in range(3):
        dense = keras.layers.Dense(5, "relu")
        dense.build(shape)
        dense.set_weights([layer.kernel[task], layer.bias[task]])
        assert np.allclose(outputs[task], dense(x[task]), atol=1e-5)
        assert np.allclose(layer(x[0])[task], layer([x[0]] * 3)[task])


def test_a_related_layer_is_a_dense_layer_for_each_task_at_any_weights():
    layer, x = relationships.RelatedDense(5, 3, "tanh"), np.ones((2, 4), "float32")
    layer(x)
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(3, 4, 5)), rng.normal(size=(3, 5))
    layer.kernel.assign(kernel)
    layer.bias.assign(bias)
    expected = np.tanh(np.einsum("bf,tfu->tbu", x, kernel) + bias[:, None])
    assert np.allclose(ops.stack(layer(x)), expected, atol=1e-5)


def test_the_optimizer_moves_kernels_and_biases_alone():
    layer = relationships.RelatedDense(5, 3)
    layer.build((None, 4))
    assert [weight.name for weight in layer.trainable_weights] == ["kernel", "bias"]
    assert len(layer.non_trainable_weights) == 3


def test_a_related_layer_is_saved_with_its_options():
    options = {"units": 5, "tasks": 3, "weight": 0.3, "epsilon": 0.1, "learned": ("tasks",)}
    layer = relationships.RelatedDense(activation="tanh", **options)
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert {name: getattr(again, name) for name in options} == options
    assert again.activation is keras.activations.tanh


def test_correlations_are_those_of_the_task_covariance():
    layer = relationships.RelatedDense(5, 2)
    layer.build((None, 4))
    layer.task_covariance.assign([[4.0, 1.0], [1.0, 1.0]])
    assert relationships.task_correlation(layer) == pytest.approx(np.array([[1, 0.5], [0.5, 1]]))


def test_all_tasks_start_from_the_same_kernel():
    layer = relationships.RelatedDense(5, 3)
    layer.build((None, 4))
    kernel = ops.convert_to_numpy(layer.kernel)
    assert np.array_equal(kernel, kernel[[1, 2, 0]])
    assert np.unique(kernel).size == 20


def test_a_related_layer_has_its_prior_in_the_loss():
    layer = relationships.RelatedDense(5, 3, weight=0.2)
    layer.build((None, 4))
    kernel = ops.convert_to_numpy(layer.kernel)
    assert float(sum(layer.losses)) == pytest.approx(0.1 * np.sum(kernel**2), rel=1e-5)
    layer.update()
    covariances = flip_flop(kernel, axes=3)
    assert np.allclose(layer.unit_covariance, covariances[2], atol=1e-5)
    assert np.allclose(layer.feature_covariance, covariances[0], atol=1e-5)
    assert float(sum(layer.losses)) == pytest.approx(0.2 * penalty(kernel, *covariances), rel=1e-4)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([(None, 4)] * 2, "3 tasks"),
        ([(None, 4), (None, 4), (None, 5)], "as many"),
        ((None, 99), "99 features and 5 units"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        relationships.RelatedDense(5, 3).build(shape)


def test_unknown_covariances_are_refused():
    with pytest.raises(ValueError, match="'columns'"):
        relationships.RelatedDense(5, 3, learned=["columns"])


def test_what_is_not_learned_stays_independent():
    layer = relationships.RelatedDense(1, 3, weight=0.2, learned=["tasks"])
    layer.build((None, 99))
    layer.kernel.assign(np.random.default_rng(0).normal(size=layer.kernel.shape))
    layer.update()
    kernel = ops.convert_to_numpy(layer.kernel)
    scatter = kernel[..., 0] @ kernel[..., 0].T
    expected = (scatter * 3 / np.trace(scatter) + 0.01 * np.eye(3)) / 1.01
    assert np.allclose(layer.task_covariance, expected, atol=1e-5)
    assert layer.feature_covariance is None
    assert float(sum(layer.losses)) == pytest.approx(
        0.2 * penalty(kernel, np.eye(99), expected), rel=1e-4
    )


def test_the_gramian_penalty_is_the_sum_of_squared_cosines():
    kernel = np.array([[3, 0], [0, 5], [1, 1]], "float32")[..., None]
    found = float(relationships.gramian_penalty(ops.convert_to_tensor(kernel)))
    assert found == pytest.approx(2 * (0 + 0.5 + 0.5), rel=1e-5)


def test_an_update_without_a_related_layer_is_refused():
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    with pytest.raises(ValueError, match="no RelatedDense"):
        model.fit(
            np.ones((1, 1)), np.ones(1), callbacks=[relationships.RelationshipUpdate()], verbose=0
        )


def network():
    return relationships.relationship_network(
        keras.Input((6, 5, 3)),
        [lambda name: keras.layers.Conv2D(4, 3, activation="relu", name=name)],
        {
            task: lambda name, units=units: keras.layers.Dense(units, name=name)
            for task, units in {"depth": 1, "normals": 3}.items()
        },
        units=[4, 6],
    )


def test_a_relationship_network_shares_its_stages_and_has_related_layers_for_each_task():
    model = network()
    assert {task: y.shape[1:] for task, y in model.output.items()} == {
        "depth": (4, 3, 1),
        "normals": (4, 3, 3),
    }
    assert model.get_layer("related_0").kernel.shape == (2, 4, 4)
    assert model.get_layer("related_1").kernel.shape == (2, 4, 6)
    assert len(model.losses) == 2


def test_a_relationship_network_can_be_saved_and_loaded(tmp_path):
    model = network()
    model.get_layer("related_1").update()
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for before, after in zip(model.get_weights(), loaded.get_weights()):
        assert np.array_equal(before, after)
    assert float(sum(loaded.losses)) == pytest.approx(float(sum(model.losses)), rel=1e-5)


def test_a_relationship_network_is_its_formula():
    """A trunk, related layers one on the other, and heads: each task's on its own features."""
    inputs, stage = keras.Input((4,)), lambda name: keras.layers.Dense(3, "tanh", name=name)
    heads = dict.fromkeys("abc", lambda name: keras.layers.Dense(1, name=name))
    model = relationships.relationship_network(inputs, [stage, stage], heads, units=[5, 4])
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    h = x = rng.normal(size=(7, 4)).astype("float32")
    for number in range(2):
        h = ops.convert_to_numpy(model.get_layer(f"shared_{number}")(h))
    hidden = np.stack([h] * 3)
    for number in range(2):
        layer = model.get_layer(f"related_{number}")
        kernel, bias = ops.convert_to_numpy(layer.kernel), ops.convert_to_numpy(layer.bias)
        hidden = np.maximum(np.einsum("tbf,tfu->tbu", hidden, kernel) + bias[:, None], 0)
    for task, own in zip(heads, hidden):
        expected = ops.convert_to_numpy(model.get_layer(f"{task}_head")(own))
        assert np.allclose(model(x)[task], expected, atol=1e-4)


def test_every_related_layer_is_updated_after_every_epoch_wherever_it_lies(monkeypatch):
    """Also in a model within the model; each update is one turn from where the last one ended."""
    inner_inputs = keras.Input((4,))
    inner = keras.Model(inner_inputs, relationships.RelatedDense(3, 2)(inner_inputs))
    inputs = keras.Input((4,))
    outer = relationships.RelatedDense(3, 2)
    model = keras.Model(inputs, outer(inner(inputs)))
    updated, update = [], relationships.RelatedDense.update
    monkeypatch.setattr(
        relationships.RelatedDense, "update", lambda self: (updated.append(self), update(self))
    )
    model.compile(keras.optimizers.SGD(0.01), ["mse"] * 2, run_eagerly=True)
    x = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    labels = [x[:, :3], x[:, 1:]]
    model.fit(x, labels, epochs=2, callbacks=[relationships.RelationshipUpdate()], verbose=0)
    assert updated == [inner.layers[1], outer] * 2
    for layer in (inner.layers[1], outer):
        assert not np.allclose(layer.task_covariance, np.eye(2), atol=1e-2)


@pytest.fixture(scope="module")
def grouped():
    """Two groups of three regression tasks, each with as few rows as features; a model of them."""
    layer = relationships.RelatedDense(1, 6, weight=0.2, learned=["tasks"])
    inputs = [keras.Input((20,)) for _ in range(6)]
    model = keras.Model(inputs, layer(inputs))
    model.compile(
        keras.optimizers.Adam(0.02), ["mse"] * 6, jit_compile=False, steps_per_execution=20
    )
    start = model.get_weights()

    def train(seed, learn=True):
        rng = np.random.default_rng(seed)
        kernels = np.repeat(rng.normal(size=(2, 20, 1)), 3, axis=0)
        kernels = (kernels + 0.2 * rng.normal(size=(6, 20, 1))) / 20**0.5
        x = rng.normal(size=(6, 520, 20)).astype("float32")
        y = (x @ kernels + 0.3 * rng.normal(size=(6, 520, 1))).astype("float32")
        model.set_weights([rng.normal(size=w.shape) * 0.1 if w.ndim == 3 else w for w in start])
        rows = np.tile(np.arange(20), 20)
        model.fit(
            list(x[:, rows]),
            list(y[:, rows]),
            batch_size=20,
            epochs=20,
            shuffle=False,
            callbacks=[relationships.RelationshipUpdate()] * learn,
            verbose=0,
        )
        predictions = ops.convert_to_numpy(ops.stack(model(list(x[:, 20:]))))
        return relationships.task_correlation(layer), np.mean((predictions - y[:, 20:]) ** 2)

    return train


SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))]


@pytest.mark.parametrize("seed", SEEDS)
def test_training_finds_the_groups_of_tasks_and_gains_by_them(grouped, seed):
    correlation, error = grouped(seed)
    _, independent = grouped(seed, learn=False)
    group = np.repeat([0, 1], 3)
    same = np.equal.outer(group, group)
    assert correlation[same].min() > correlation[~same].max() + 0.2
    assert error < 0.9 * independent


@pytest.mark.slow
def test_training_relates_duplicated_tasks_and_no_others():
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    features, units, rows = 8, 20, 60
    x = rng.normal(size=(rows, features)).astype("float32")
    orthogonal = np.linalg.qr(rng.normal(size=(features * units, 3)))[0].T
    kernels = np.sqrt(features * units) * orthogonal.reshape(3, features, units)[[0, 0, 1, 2]]
    y = x @ kernels + 0.3 * rng.normal(size=(4, rows, units))
    y = {f"task_{task}": labels.astype("float32") for task, labels in enumerate(y)}
    inputs = keras.Input((features,))
    layer = relationships.RelatedDense(units, 4, weight=1e-4, learned=["tasks"])
    model = keras.Model(inputs, dict(zip(y, layer(inputs))))
    model.compile(
        keras.optimizers.Adam(0.05),
        dict.fromkeys(y, "mse"),
        jit_compile=False,
        steps_per_execution=6,
    )
    update = relationships.RelationshipUpdate()
    model.fit(x, y, batch_size=10, epochs=30, callbacks=[update], verbose=0)
    correlation = relationships.task_correlation(layer)
    assert np.diag(correlation) == pytest.approx(1)
    assert correlation[0, 1] > 0.95
    assert np.abs(correlation[np.triu_indices(4, 1)][1:]).max() < 0.2
