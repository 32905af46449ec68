import numpy as np
import pytest
from keras import ops

from course_lib.fusion.architectures import SPACE, Training, build, inherit
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
