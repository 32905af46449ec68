"""Cut models compute the same to the bit, and features on disk are those that would be computed."""

import tracemalloc

import keras
import numpy as np
import pytest
from keras import layers, ops
from sklearn.ensemble import RandomForestClassifier
from sklearn.svm import SVC

from course_lib.transfer import backbones, bottleneck, freezing


def values(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.fixture(scope="module")
def tiny():
    """The course's own network, with its classifier."""
    return backbones.load("course_tiny").classifier


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).integers(256, size=(10, 32, 32, 3), dtype="uint8")


@pytest.fixture
def save(residual, rows, tmp_path):
    """Function that saves features; what a test leaves out is the same every time."""

    def save(cut="block1", model=residual, x=rows[0], y=rows[1], **options):
        base = bottleneck.split(model, cut).base
        options = {"batch_size": 16, "progressbar": False, **options}
        return bottleneck.save_features(base, x, y, tmp_path / "features", **options)

    return save


def noise(scale=0.5):
    return keras.Sequential([layers.GaussianNoise(scale), layers.GaussianNoise(scale)])


def test_the_parts_make_up_the_whole_to_the_bit_wherever_it_is_cut(tiny, pictures):
    whole = values(tiny(pictures))
    assert len(bottleneck.cuts(tiny)) == 15
    for cut in bottleneck.cuts(tiny):
        base, head, same = bottleneck.split(tiny, cut)
        assert same is tiny
        assert np.array_equal(values(head(base(pictures))), whole), cut


def test_the_parts_share_their_weights(residual, rows):
    base, head, whole = bottleneck.split(residual, "block1")
    assert {id(v) for v in base.variables + head.variables} == {id(v) for v in whole.variables}
    before = values(whole(rows[0]))
    base.get_layer("stem_dense").bias.assign(np.ones(8))
    assert not np.array_equal(values(whole(rows[0])), before)
    assert np.array_equal(values(whole(rows[0])), values(head(base(rows[0]))))


def test_the_heads_input_has_the_shape_of_one_bottleneck(tiny):
    base, head, _ = bottleneck.split(tiny, "block2")
    assert head.input.shape == base.output.shape == (None, 8, 8, 64)


def test_a_cut_is_where_one_tensor_carries_everything(residual):
    expected = ["stem_dense", "stem", "block1_add", "block1", "block2_add", "block2", "scores"]
    assert bottleneck.cuts(residual) == expected


def test_a_cut_that_something_passes_by_is_refused(residual):
    with pytest.raises(ValueError, match=r"block1_dense.*passes it by.*at stem_dense, stem,"):
        bottleneck.split(residual, "block1_dense")


def test_an_unknown_layer_is_refused(residual):
    with pytest.raises(ValueError, match=r"'block9': it has no such layer.*block1"):
        bottleneck.split(residual, "block9")


def test_a_model_without_a_graph_is_refused():
    class Own(keras.Model):
        pass

    with pytest.raises(ValueError, match="not a functional"):
        bottleneck.cuts(Own())


def test_a_head_can_be_cut_again(residual, rows):
    base, head, whole = bottleneck.split(residual, "stem")
    middle, top, _ = bottleneck.split(head, "block1")
    assert np.array_equal(values(top(middle(base(rows[0])))), values(whole(rows[0])))


def test_models_can_be_cut_that_are_sequential_or_hold_bare_operations_or_call_a_layer_twice():
    x = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")
    entry, twice = keras.Input((4,)), layers.Dense(4, name="twice")
    functional = keras.Model(entry, layers.Dense(2)(ops.sin(twice(twice(entry))) * 2.0))
    sequential = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    for model in (functional, sequential):
        for cut in bottleneck.cuts(model):
            base, head, whole = bottleneck.split(model, cut)
            assert np.array_equal(values(head(base(x))), values(whole(x))), cut


def test_features_on_disk_are_those_that_the_base_computes(save, residual, rows):
    features = save()
    computed = bottleneck.split(residual, "block1").base.predict(rows[0], batch_size=16, verbose=0)
    assert isinstance(features.x, np.memmap)
    assert np.array_equal(features.x, computed)
    assert np.array_equal(features.y, rows[1])


def test_features_run_as_in_inference(save, residual, rows):
    before = residual.get_weights()
    save("block2")
    assert all(np.array_equal(old, new) for old, new in zip(before, residual.get_weights()))


def test_features_take_the_bytes_that_theory_says(save, rows):
    features = save()
    size = (features.folder / "x.npy").stat().st_size
    assert size == 128 + len(rows[0]) * 8 * 4  # a header, then float32


def test_features_are_computed_once(save, monkeypatch):
    first = save()

    def fail(self, x):
        raise AssertionError("computed again")

    monkeypatch.setattr(keras.Model, "predict_on_batch", fail)
    assert save().folder == first.folder


def test_features_are_found_again_by_a_model_with_other_automatic_names(save):
    def build():
        keras.utils.set_random_seed(1)
        x = keras.Input((6,))
        h = layers.Dense(4)(x)
        return keras.Model(x, layers.Dense(2)(layers.Add(name="sum")([h, layers.ReLU()(h)])))

    folders = {save("sum", build(), augment=noise()).folder for _ in range(2)}
    assert len(folders) == 1


def test_features_are_found_again_by_a_base_that_was_frozen(save, residual):
    folder = save().folder
    residual.trainable = False
    assert save().folder == folder


@pytest.mark.parametrize(
    "change",
    [
        "weights",
        "statistics",
        "cut",
        "architecture",
        "wiring",
        "input",
        "label",
        "order",
        "type",
        "augmentation",
        "its strength",
        "copies",
        "seed",
    ],
)
def test_stale_features_are_never_read(save, residual, rows, change):
    def wired(first, second):
        """Two layers of the same kinds in two orders."""
        keras.utils.set_random_seed(1)
        x = keras.Input((6,))
        return keras.Model(x, layers.Identity(name="end")(second(first(x))))

    def changed(array):
        array = array.copy()
        array[-1] += 1
        return array

    x, y = rows
    same = {"augment": noise(), "copies": 1, "seed": 1}
    first, again = {**same}, {**same}
    if change == "weights":
        old = save(**first).folder
        residual.get_layer("block1_dense").bias.assign(np.full(8, 1e-6))
    elif change == "statistics":
        old = save(**first).folder
        residual.get_layer("block1_norm").moving_mean.assign(np.full(8, 1e-6))
    elif change == "architecture":
        old = save(**first).folder
        residual.get_layer("block1_norm").epsilon = 0.1
    elif change == "wiring":
        relu, sigmoid = layers.ReLU, lambda: layers.Activation("sigmoid")
        first |= {"cut": "end", "model": wired(relu(), sigmoid())}
        again |= {"cut": "end", "model": wired(sigmoid(), relu())}
    elif change == "its strength":
        again["augment"] = noise(0.6)
    else:
        again |= {
            "cut": {"cut": "block2"},
            "input": {"x": changed(x)},
            "label": {"y": changed(y)},
            "order": {"x": x[::-1]},
            "type": {"x": x.astype("float64")},
            "augmentation": {"augment": None},
            "copies": {"copies": 2},
            "seed": {"seed": 2},
        }[change]
    if change not in ("weights", "statistics", "architecture"):
        old = save(**first).folder
    new = save(**again)
    assert new.folder != old
    if change in ("weights", "statistics", "architecture"):
        computed = bottleneck.split(residual, "block1").base.predict(x, batch_size=16, verbose=0)
        assert np.array_equal(new.x[: len(x)], computed)


def test_augmented_copies_follow_the_inputs_and_repeat_with_the_seed(save, rows):
    x, y = rows
    first = save(augment=noise(), copies=2, seed=3)
    plain = save()
    assert first.x.shape == (3 * len(x), 8)
    assert np.array_equal(first.y, np.tile(y, 3))
    clean, one, two = np.split(first.x, 3)
    assert np.array_equal(clean, plain.x)
    assert not np.array_equal(one, two)
    assert not np.array_equal(one, save(augment=noise(), copies=1, seed=4).x[len(x) :])
    kept = np.array(first.x)
    (first.folder / "x.npy").unlink()
    with pytest.warns(UserWarning, match="damaged"):
        again = save(augment=noise(), copies=2, seed=3)
    assert np.array_equal(again.x, kept)


@pytest.mark.parametrize("reason", [KeyboardInterrupt, MemoryError])
def test_an_interrupted_write_leaves_nothing_behind(save, monkeypatch, tmp_path, reason):
    predict, calls = keras.Model.predict_on_batch, []

    def stop(self, x):
        calls.append(x)
        if len(calls) == 3:
            raise reason
        return predict(self, x)

    with monkeypatch.context() as patch:
        patch.setattr(keras.Model, "predict_on_batch", stop)
        with pytest.raises(reason):
            save()
    assert not list((tmp_path / "features").iterdir())
    assert len(save().x) == 40


def test_what_a_killed_process_leaves_behind_is_not_read(save, tmp_path):
    unfinished = tmp_path / "features" / "unfinished-abc" / "features"
    unfinished.mkdir(parents=True)
    (unfinished / "x.npy").write_bytes(b"half")
    assert len(save().x) == 40


def test_damaged_features_are_computed_anew(save):
    def flip(path):
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)

    def cut_off(path):
        path.write_bytes(path.read_bytes()[:-1])

    def remove(path):
        path.unlink()

    expected = np.array(save().x)
    for harm in (flip, cut_off, remove):
        for file in ("x.npy", "y.npy", "about.json"):
            if (harm, file) == (flip, "about.json"):
                continue  # the last byte closes the text
            harm(save().folder / file)
            with pytest.warns(UserWarning, match="damaged"):
                features = save()
            assert np.array_equal(features.x, expected)


def test_memory_stays_flat(residual, tmp_path):
    class Drawn:
        """Rows that are drawn when they are asked for."""

        def __init__(self, rows):
            self.rows = rows

        def __len__(self):
            return self.rows

        def __getitem__(self, rows):
            return np.random.default_rng(rows.start).normal(
                size=(len(range(*rows.indices(len(self)))), 6)
            )

    wide = keras.Sequential([keras.Input((6,)), layers.Dense(2000)])
    peaks = []
    for number in (200, 200, 4000):  # the first one traces the graph
        tracemalloc.start()
        x = Drawn(number)
        features = bottleneck.save_features(
            wide, x, np.arange(number), tmp_path, batch_size=50, progressbar=False
        )
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert features.x.nbytes == 32e6
    assert peaks[2] < 1.5e6


def test_batches_hold_every_row_once_an_epoch(save, rows):
    batches = save().batches(batch_size=16, seed=1)
    epochs = []
    for _ in range(2):
        x, y = (np.concatenate(parts) for parts in zip(*(batches[i] for i in range(len(batches)))))
        epochs.append(x)
        assert len(y) == 40
        assert {(*row, label) for row, label in zip(x, y)} == {
            (*row, label) for row, label in zip(save().x, rows[1])
        }
        batches.on_epoch_end()
    assert not np.array_equal(*epochs)


def test_a_head_learns_from_features_what_it_learns_on_a_frozen_base(save, residual, rows):
    """One way computes the base in every epoch, the other once: the head's weights are equal."""
    x, y = rows
    _, head, whole = bottleneck.split(residual, "block2")
    start = head.get_weights()
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    features = save("block2")
    head.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
    head.fit(features.x, features.y, batch_size=40, epochs=5, verbose=0)
    by_features = head.get_weights()

    head.set_weights(start)
    freezing.freeze(whole, until="block2")
    whole.compile(keras.optimizers.SGD(0.1), loss, jit_compile=False)
    whole.fit(x, y, batch_size=40, epochs=5, verbose=0)
    assert not np.allclose(head.get_weights()[0], start[0], atol=1e-3)
    for one, other in zip(by_features, head.get_weights()):
        assert np.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("classifier", [SVC(), RandomForestClassifier(20, random_state=0)])
def test_any_classifier_takes_the_features(save, classifier):
    features = save("block2")
    most_frequent = np.bincount(features.y).max() / len(features.y)
    assert classifier.fit(features.x, features.y).score(features.x, features.y) > most_frequent


def test_a_head_takes_batches_of_features(save):
    features = save("block2")
    head = keras.Sequential([keras.Input(features.x.shape[1:]), layers.Dense(3)])
    head.compile(
        "sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False
    )
    losses = head.fit(features.batches(), epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_labels_must_fit_the_inputs(save, rows):
    with pytest.raises(ValueError, match="39 and 40"):
        save(y=rows[1][:-1])
    with pytest.raises(ValueError, match="0 and 0"):
        save(x=rows[0][:0], y=rows[1][:0])


def test_an_augmentation_without_a_configuration_is_refused(save):
    with pytest.raises(ValueError, match="Keras layer"):
        save(augment=lambda x: x)
