import keras
import numpy as np
import pytest
from keras import ops

from course_lib.fusion import architectures
from course_lib.fusion.architectures import (
    SPACE,
    Training,
    build,
    inherit,
    modality_rates,
    stages,
)
from course_lib.fusion.search import Evaluations, Space, genetic

SHAPES = {"picture": (8, 8, 1), "sound": (15, 4), "ink": (4,), "static": (4,)}
GENOME = (3, 2, 0, None, "add", 1)


@pytest.fixture
def examples():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    x = {name: rng.normal(size=(40, *shape)).astype("float32") for name, shape in SHAPES.items()}
    x["ink"] += 3 * y[:, None]
    return x, y


def outputs(model, x):
    return ops.convert_to_numpy(model(x))


@pytest.mark.parametrize("genome", list(SPACE)[::37])
def test_every_architecture_looks_at_what_it_names_alone(examples, genome):
    chosen = SPACE.named(genome)
    model = build(SHAPES, 5, **chosen)
    x, _ = examples
    before = outputs(model, x)
    assert before.shape == (40, 5)
    for name in SHAPES:
        changed = outputs(model, {**x, name: x[name] + 1})
        assert np.allclose(before, changed) == (chosen[name] is None)


def test_the_space_is_large_and_each_genome_another_network():
    assert len(SPACE) >= 256
    paths = [
        (tuple(w.path for w in build(SHAPES, 5, **SPACE.named(g)).weights), g[4])
        for g in list(SPACE)[::73]
    ]
    assert len(set(paths)) == len(paths)


def test_a_missing_modality_is_dropped_in_training_alone(examples):
    model = build(SHAPES, 5, absent=0.5)
    x, _ = examples
    assert np.array_equal(outputs(model, x), outputs(model, x))
    calls = [ops.convert_to_numpy(model(x, training=True)) for _ in range(2)]
    assert not np.allclose(*calls)


def test_what_cannot_be_built_is_refused():
    with pytest.raises(ValueError, match="Stages are 0 to 3"):
        build(SHAPES, 5, picture=4)
    with pytest.raises(ValueError, match="Stages are 0 to 3"):
        build(SHAPES, 5, smell=1)
    with pytest.raises(ValueError, match="'subtract'"):
        build(SHAPES, 5, merge="subtract")
    with pytest.raises(ValueError, match=r"for \[\]"):
        build(SHAPES, 5, picture=None, sound=None, ink=None, static=None)


def test_one_modality_alone_is_the_baseline(examples):
    model = build(SHAPES, 5, picture=None, sound=None, static=None)
    assert not any("concatenate" in layer.name for layer in model.layers)
    x, _ = examples
    changed = outputs(model, {**x, "sound": x["sound"] + 1})
    assert np.array_equal(outputs(model, x), changed)


def test_a_child_inherits_what_it_has_in_common():
    parent, child = (build(SHAPES, 5, picture=picture, static=None) for picture in (3, 2))
    weights = {w.path: ops.convert_to_numpy(w) for w in parent.weights}
    share = inherit(child, weights)
    new = {w.path for w in child.weights} - weights.keys()
    assert new == {"picture_2_projection/kernel", "picture_2_projection/bias"}
    assert 0 < share < 1
    for weight in child.weights:
        if weight.path in weights:
            assert np.array_equal(weight, weights[weight.path])
    twin = build(SHAPES, 5, static=None)
    assert inherit(twin, weights) == 1


def test_a_search_gives_children_what_their_parents_learned(examples, tmp_path):
    space = Space(ink=(0, 1), merge=("concatenate", "add"))
    training = Training(
        examples, examples, space, epochs=2, inherited_epochs=0, folder=tmp_path, batch_size=8
    )
    trials = genetic(space, Evaluations(training), 3, population=2, survivors=2)
    assert [len(trial.parents) for trial in trials] == [0, 0, 2]
    assert len(list(tmp_path.iterdir())) == 3
    # A twin of its parent that learns nothing of its own knows all that the parent does.
    first = trials[0]
    assert training(first.genome, (first.genome,)) == first.score


def test_of_two_parents_the_better_one_leaves_more(examples, tmp_path):
    training = Training(examples, examples, inherited_epochs=0, epochs=0, folder=tmp_path)
    kernels = {}
    for seed, genome in enumerate((GENOME, (3, 3, 0, None, "add", 1))):
        training.seed = seed
        training(genome)
        with np.load(training._file(genome)) as weights:
            kernels[genome] = weights["picture_1/kernel"]
    better, other = kernels
    training((1, 1, 0, 0, "add", 0), (better, other))
    with np.load(training._file((1, 1, 0, 0, "add", 0))) as weights:
        assert np.array_equal(weights["picture_1/kernel"], kernels[better])
        assert not np.array_equal(weights["picture_1/kernel"], kernels[other])


def test_without_a_folder_all_start_from_scratch(examples):
    training = Training(examples, examples, epochs=0, batch_size=8)
    assert training(GENOME) == training(GENOME, ((3, 3, 0, 0, "add", 0),))


@pytest.mark.parametrize(("stage", "features"), [(0, 64), (1, 3 * 3 * 16), (2, 32), (3, 64)])
def test_modalities_join_after_the_stage_that_is_named(stage, features):
    model = build(SHAPES, 5, picture=stage)
    paths = {w.path: w.shape for w in model.weights}
    assert paths[f"picture_{stage}_projection/kernel"] == (features, 32)
    reached = [n for n in (1, 2, 3) if f"picture_{n}/kernel" in paths]
    assert reached == list(range(1, stage + 1))
    assert "sound_3/kernel" in paths, "Who is not named joins at the end."


def test_stages_are_what_their_shapes_say():
    shapes = {"picture": [(8, 8, 1), (3, 3, 16), (1, 1, 32), (7,)]}
    shapes |= {"sound": [(15, 4), (7, 32), (3, 64), (7,)], "ink": [(4,), (16,), (16,), (7,)]}
    for name, expected in shapes.items():
        made = stages(keras.Input(expected[0]), name, units=7)
        assert [stage.shape[1:] for stage in made] == expected


MERGED = {
    "concatenate": lambda a, b: np.hstack([a, b]),
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
}


@pytest.mark.parametrize("merge", MERGED)
def test_modalities_meet_as_it_is_called(merge, examples):
    model = build(SHAPES, 5, merge=merge, static=None, ink=None)
    parts = [f"{name}_3_projection" for name in ("picture", "sound")]
    inside = keras.Model(model.input, [model.get_layer(name).output for name in (*parts, merge)])
    a, b, found = (ops.convert_to_numpy(value) for value in inside(examples[0]))
    assert np.allclose(found, MERGED[merge](a, b), atol=1e-6)
    assert (
        type(build(SHAPES, 5, merge="low_rank").get_layer("low_rank")).__name__ == "LowRankFusion"
    )


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_so_many_layers_follow(depth):
    names = {layer.name for layer in build(SHAPES, 5, depth=depth, units=9).layers}
    assert {name for name in names if name.startswith("joint")} == {
        f"joint_{number}" for number in range(1, depth + 1)
    }


@pytest.fixture
def spied(monkeypatch):
    """Trainings that change nothing, of a candidate that answers with its ink."""
    seen = {}

    def build_ink(shapes, classes, **options):
        ink = keras.Input((4,), name="ink")
        start = keras.layers.Dense(2, kernel_initializer="identity", name="logits")(ink)
        return keras.Model({"ink": ink}, start)

    def train_nothing(model, x, y, epochs, batch_size):
        seen.update(x=x, y=y, epochs=epochs, batch_size=batch_size)

    monkeypatch.setattr(architectures, "build", build_ink)
    monkeypatch.setattr(architectures, "train", train_nothing)
    return seen


def test_candidates_are_trained_on_training_rows_and_chosen_by_validation_rows(spied, tmp_path):
    def rows(share, size):
        """Rows of which the ink is right for a share."""
        y = np.arange(size) % 2
        ink = np.eye(4, dtype="float32")[np.where(np.arange(size) < share * size, y, 1 - y)]
        return {"ink": ink}, y

    train, validation = rows(1.0, 12), rows(0.3, 20)
    training = Training(
        train, validation, epochs=7, inherited_epochs=3, folder=tmp_path, batch_size=5
    )
    assert training(GENOME) == pytest.approx(0.3)
    assert spied["x"] is train[0]
    assert spied["y"] is train[1]
    assert (spied["epochs"], spied["batch_size"]) == (7, 5)
    training((3, 3, 0, None, "add", 1), (GENOME,))
    assert spied["epochs"] == 3
    assert Training(*[train] * 2, epochs=7)(GENOME, (GENOME,)) == 1
    assert spied["epochs"] == 7


def test_a_child_starts_with_its_parents_weights(examples, tmp_path):
    training = Training(examples, examples, epochs=0, inherited_epochs=0, folder=tmp_path)
    child = (3, 3, 0, None, "multiply", 1)
    training(GENOME)
    training.seed = 1
    training(child, (GENOME,))
    with np.load(training._file(GENOME)) as parent, np.load(training._file(child)) as heir:
        common = [path for path in heir.files if path in parent.files and "bias" not in path]
        assert all(np.array_equal(heir[path], parent[path]) for path in common)
        assert "sound_2/kernel" in common
        assert "sound_3/kernel" in heir.files


def test_what_has_another_shape_is_not_inherited():
    parent, child = build(SHAPES, 5, units=8), build(SHAPES, 5, units=9)
    weights = {w.path: ops.convert_to_numpy(w) + 1 for w in parent.weights}
    share = inherit(child, weights)
    same = [w for w in child.weights if np.array_equal(w, weights.get(w.path))]
    assert {w.path.split("/")[0] for w in same} == {
        f"{name}_{n}" for name in SHAPES for n in (1, 2, 3)
    } | {"logits"}, "of the last layer, the biases"
    assert share == sum(np.prod(w.shape) for w in same) / child.count_params()


def step_of(rates):
    """How far each weight of a linear network goes in one step of gradient descent."""
    keras.utils.set_random_seed(0)
    inputs = [keras.Input((3,)) for _ in range(2)]
    branches = [keras.layers.Dense(2, name=f"{n}_1")(x) for n, x in zip(("a", "bc"), inputs)]
    end = keras.layers.Dense(1, name="end")
    model = keras.Model(inputs, end(keras.layers.Add()(branches)))
    optimizer = keras.optimizers.SGD(0.01)
    model.compile(modality_rates(model, optimizer, rates) if rates else optimizer, "mse")
    before = [ops.convert_to_numpy(w) for w in model.trainable_weights]
    rng = np.random.default_rng(0)
    model.train_on_batch([rng.normal(size=(8, 3)) for _ in range(2)], rng.normal(size=(8, 1)))
    return {w.path: w.numpy() - b for w, b in zip(model.trainable_weights, before)}


def test_steps_of_modalities_are_in_the_ratio_of_their_rates():
    together, apart = step_of({}), step_of({"bc": 0.05})
    for path, step in together.items():
        ratio = 5 if path.startswith("bc_") else 1
        assert np.abs(step).max() > 1e-4
        assert np.allclose(apart[path], ratio * step, rtol=1e-3, atol=1e-7), path


@pytest.mark.parametrize("name", ["smell", "b", "a_", "a|bc"])
def test_a_modality_that_there_is_not_has_no_rate(name):
    with pytest.raises(ValueError, match="matches the whole path of no trainable variable"):
        step_of({name: 0.05})


def test_dropout_goes_on_where_it_was_when_loaded(examples, tmp_path):
    model, x = build(SHAPES, 5), examples[0]
    model(x, training=True)
    model.save_weights(tmp_path / "model.weights.h5")
    expected = ops.convert_to_numpy(model(x, training=True))
    model.load_weights(tmp_path / "model.weights.h5")
    assert np.array_equal(model(x, training=True), expected)
    assert not np.array_equal(model(x, training=True), expected)
