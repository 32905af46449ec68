"""Dense prediction: batches, losses, measures and baselines of rooms."""

import pickle

import keras
import numpy as np
import pytest
from keras import ops

from course_lib import datasets
from course_lib.datasets.pictures import rooms as rooms_data
from course_lib.multitask import architectures, dense
from course_lib.multitask.balancing import Balanced

SIZE = (16, 24)


@pytest.fixture(scope="module")
def rooms():
    return datasets.load("rooms", size=SIZE, train=12, test=4).train


@pytest.fixture
def batches(rooms):
    return dense.Batches(rooms, labelled=[1, 4, 7, 9], size=8, steps=3, seed=5, augment=False)


def test_half_of_each_batch_has_labels_of_the_main_task(rooms, batches):
    for number in range(len(batches)):
        rows, (x, y) = batches.rows(number), batches[number]
        assert sorted(rows[:4]) == [1, 4, 7, 9]
        assert np.array_equal(x, rooms.x[rows])
        assert x.dtype == "float32"
        assert np.array_equal(y["depth"], rooms.depth[rows])
        for row, labels in zip(rows, y["segmentation"]):
            known = row in (1, 4, 7, 9)
            assert (
                np.array_equal(labels, rooms.segmentation[row]) if known else (labels == -1).all()
            )
    drawn = {int(row) for number in range(3) for row in batches.rows(number)[4:]}
    assert drawn - {1, 4, 7, 9}


def test_a_batch_may_be_labelled_in_full_and_repeat_rooms(rooms):
    batches = dense.Batches(rooms, labelled=[3, 8], share=1.0, tasks=("segmentation",))
    assert set(batches.rows(0)) == {3, 8}
    assert list(batches[0][1]) == ["segmentation"]
    assert (batches[0][1]["segmentation"] >= 0).all()


def test_batches_depend_on_seed_epoch_and_number_alone(rooms, batches):
    again = pickle.loads(pickle.dumps(batches))
    first = [batches.rows(number).tolist() for number in range(3)]
    assert first == [again.rows(number).tolist() for number in reversed(range(3))][::-1]
    assert first[0] != first[1]
    batches.on_epoch_end()
    assert first != [batches.rows(number).tolist() for number in range(3)]
    other = dense.Batches(rooms, labelled=[1, 4, 7, 9], size=8, steps=3, seed=6)
    assert first != [other.rows(number).tolist() for number in range(3)]


def test_mirrored_rooms_have_mirrored_labels(rooms):
    """Where a room is mirrored, so are its labels, and normals point the other way."""
    batches = dense.Batches(rooms, labelled=range(12), size=12, share=1.0, seed=2)
    x, y = batches[0]
    mirrored = []
    for row, picture, segmentation, depth, normals in zip(batches.rows(0), x, *y.values()):
        flip = not np.array_equal(depth, rooms.depth[row])
        mirrored.append(flip)
        way = slice(None, None, -1 if flip else 1)
        assert np.array_equal(depth, rooms.depth[row][:, way])
        assert np.array_equal(segmentation, rooms.segmentation[row][:, way])
        sign = [-1, 1, 1] if flip else [1, 1, 1]
        assert np.array_equal(normals, rooms.normals[row][:, way] * np.float32(sign))
        scale = picture / np.maximum(rooms.x[row][:, way], 1)
        inside = (picture < 255) & (rooms.x[row][:, way] > 0)
        assert all(np.ptp(scale[..., c][inside[..., c]]) < 1e-4 for c in range(3))
        assert 0.8 <= scale[inside].min() <= scale[inside].max() <= 1.2
    assert 0 < sum(mirrored) < 12
    again = dense.Batches(rooms, labelled=range(12), size=12, share=1.0, seed=2)
    assert np.array_equal(again[0][0], x)


def test_the_same_rooms_are_augmented_anew_in_each_epoch_and_batch(rooms):
    batches = dense.Batches(rooms, labelled=[3], size=2, share=1.0, steps=6)
    drawn = [batches[number][0] for number in range(6)]
    batches.on_epoch_end()
    drawn.append(batches[0][0])
    for number, x in enumerate(drawn):
        assert not any(np.array_equal(x, other) for other in drawn[:number])


def test_rooms_without_any_label_of_the_main_task_are_refused(rooms):
    with pytest.raises(ValueError, match="At least one room must have labels of the main task"):
        dense.Batches(rooms, labelled=[])
    with pytest.raises(ValueError, match=r"share is from 0 to 1, but got 2"):
        dense.Batches(rooms, labelled=[1], share=2)


def network(rooms, tasks=dense.TASKS):
    keras.utils.set_random_seed(0)
    parts = dense.stages((4, 6, 6, 4)), dense.heads(len(rooms.classes), tasks, 4)
    return architectures.shared(keras.Input((*SIZE, 3)), *parts)


def test_networks_answer_every_pixel(rooms):
    found = network(rooms)(rooms.x[:2].astype("float32"))
    shapes = {task: tuple(answer.shape) for task, answer in found.items()}
    assert shapes == {
        "segmentation": (2, *SIZE, len(rooms.classes)),
        "depth": (2, *SIZE, 1),
        "normals": (2, *SIZE, 3),
    }


@pytest.mark.parametrize("task", dense.TASKS)
def test_missing_labels_have_no_gradient_and_no_part_in_the_mean(rooms, task):
    loss, labels = dense.losses()[task], np.array(dense.labels(rooms)[task][:2])
    shape = {"segmentation": (len(rooms.classes),), "depth": (1,), "normals": (3,)}[task]
    answers = np.random.default_rng(0).normal(size=(2, *SIZE, *shape)).astype("float32")
    labels[1] = -1 if task == "segmentation" else np.nan
    labels[0, :5] = -1 if task == "segmentation" else np.nan
    whole = loss(labels, answers)
    assert float(whole) == pytest.approx(float(loss(labels[:1, 5:], answers[:1, 5:])), rel=1e-5)
    slope = np.asarray(gradient(lambda y: loss(labels, y), answers))
    assert np.all(slope[1] == 0)
    assert np.all(slope[0, :5] == 0)
    assert np.all(np.abs(slope[0, 5:]).sum(axis=-1) > 0)
    labels[:] = -1 if task == "segmentation" else np.nan
    assert float(loss(labels, answers)) == 0
    assert np.all(np.asarray(gradient(lambda y: loss(labels, y), answers)) == 0)


def test_losses_are_cross_entropy_metres_and_cosines():
    """One pixel each: −log of a softmax, metres too far, one minus a cosine."""
    losses = dense.losses()
    assert list(dense.losses(("depth",))) == ["depth"]
    logits = np.log(np.array([0.2, 0.5, 0.3], "float32"))[None, None, None]
    truth = np.array([[[1]]])
    assert float(losses["segmentation"](truth, logits + 7)) == pytest.approx(-np.log(0.5), rel=1e-5)
    metres = np.array([[[2.0, 5.0]]], "float32")
    assert float(losses["depth"](metres, metres[..., None] + [[[[0.5], [-3]]]])) == pytest.approx(
        1.75
    )
    up, slanted = np.array([[[[0, 0, 1.0]]]]), np.array([[[[0, 2.0, 2.0]]]])
    assert float(losses["normals"](up, slanted)) == pytest.approx(1 - 0.5**0.5, rel=1e-5)


def gradient(function, x):
    if keras.backend.backend() == "jax":
        import jax

        return jax.grad(lambda y: function(y))(x)
    import tensorflow as tf

    x = tf.convert_to_tensor(x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x)


def test_fit_learns_what_few_rooms_show(rooms):
    """All three losses fall, and unlabelled rooms move no weight of the main task's head."""
    model = Balanced(network(rooms))
    model.compile(keras.optimizers.Adam(1e-2), dense.losses(), jit_compile=False)
    batches = dense.Batches(rooms, labelled=range(4), steps=5)
    history = model.fit(batches, epochs=6, verbose=0).history
    for task in dense.TASKS:
        assert history[f"{task}_loss"][-1] < 0.9 * history[f"{task}_loss"][0]


def test_unlabelled_rooms_do_not_move_the_head_of_the_main_task(rooms):
    model = Balanced(network(rooms))
    model.compile(keras.optimizers.SGD(1.0), dense.losses(), jit_compile=False)
    head = model.network.get_layer("segmentation_head")
    before = [ops.convert_to_numpy(w) for w in head.trainable_weights]
    batches = dense.Batches(rooms, labelled=[0], size=4, share=0.0, seed=1)
    assert 0 not in batches.rows(0)
    x, y = batches[0]
    model.train_on_batch(x, y)
    for weight, start in zip(head.trainable_weights, before):
        assert np.array_equal(ops.convert_to_numpy(weight), start)


def perfect(rooms):
    one_hot = np.eye(len(rooms.classes))[np.maximum(rooms.segmentation, 0)]
    return {
        "segmentation": one_hot,
        "depth": rooms.depth[..., None],
        "normals": 3 * rooms.normals,
    }


def test_perfect_answers_have_perfect_measures(rooms):
    found = dense.measures(perfect(rooms), rooms)
    assert found["accuracy"] == found["iou"] == 100
    assert found["depth"] == 0
    assert found["normals"] < 0.05
    assert list(dense.measures({"depth": rooms.depth[..., None]}, rooms)) == ["depth"]


def test_measures_by_hand():
    """Two classes of four pixels each count; a third with one pixel of a hundred does not."""
    truth = np.array([0] * 60 + [1] * 39 + [2] + [-1] * 10)[None, None]
    answer = np.array([0] * 50 + [1] * 10 + [1] * 39 + [0] + [2] * 10)[None, None]
    normals = np.zeros((1, 1, 110, 3)) + [0, 0, 1]
    rooms = rooms_data.Rooms(
        None, truth, np.full((1, 1, 110), 2.0), normals, classes=("a", "b", "c")
    )
    rooms.depth[..., 100:] = np.nan
    rooms.normals[..., 100:, :] = np.nan
    found = dense.measures(
        {
            "segmentation": np.eye(3)[answer],
            "depth": np.full((1, 1, 110, 1), 2.5),
            "normals": np.zeros((1, 1, 110, 3)) + [0, 2, 2],
        },
        rooms,
    )
    assert found["accuracy"] == pytest.approx(89)
    assert found["iou"] == pytest.approx(100 * (50 / 61 + 39 / 49) / 2)
    assert found["depth"] == pytest.approx(0.5)
    assert found["normals"] == pytest.approx(45, abs=1e-4)


def test_errors_of_depth_and_normals_that_differ_from_pixel_to_pixel():
    """All pixels of all rooms count alike, however many a room has."""
    depth = np.array([[[2.0, 2.0, 2.0]], [[2.0, np.nan, np.nan]]])
    normals = np.zeros((2, 1, 3, 3)) + [0, 0, 1]
    rooms = rooms_data.Rooms(None, np.full((2, 1, 3), -1), depth, normals, classes=("a", "b"))
    turned = normals.copy()
    turned[0, 0, 0], turned[1] = [0, 1, 0], [0, 3**0.5, 1]
    found = dense.measures(
        {"depth": depth[..., None] + [[[[1]]], [[[3]]]], "normals": turned}, rooms
    )
    assert found["depth"] == pytest.approx(np.sqrt((3 * 1 + 9) / 4))
    assert found["normals"] == pytest.approx((90 + 3 * 60) / 6)


def test_targets_are_labels_as_numbers(rooms):
    segmentation = rooms.segmentation.copy()
    segmentation[0, 0, 0] = -1
    found = dense.targets(dense.dataclasses.replace(rooms, segmentation=segmentation))
    assert np.isnan(found["segmentation"][0, 0, 0]).all()
    assert np.array_equal(found["segmentation"][1:].argmax(axis=-1), segmentation[1:])
    assert np.array_equal(found["segmentation"][1:].sum(axis=-1), np.ones(segmentation[1:].shape))
    assert np.array_equal(found["depth"][..., 0], rooms.depth, equal_nan=True)
    assert found["normals"] is rooms.normals


def test_a_pixel_that_no_room_labels_gets_the_mean_of_all_pixels(rooms):
    depth = np.full_like(rooms.depth, 2.0)
    depth[:, 0, 0], depth[:, 0, 1] = np.nan, 4.0
    answer = dense.mean_picture(dense.dataclasses.replace(rooms, depth=depth), [0])["depth"]
    pixels = depth[0].size
    assert answer[0, 0, 0, 0] == pytest.approx((4 + 2 * (pixels - 2)) / (pixels - 1), rel=1e-5)
    assert (answer[0, 0, 1, 0], answer[0, 1, 1, 0]) == (4, 2)


def test_the_mean_picture_is_the_mean_of_labelled_rooms(rooms):
    depth = rooms.depth.copy()
    depth[:, 0, 0], depth[0, 0, 1] = np.nan, np.nan
    answer = dense.mean_picture(dense.dataclasses.replace(rooms, depth=depth), [2, 5, 6])
    share = np.mean(rooms.segmentation[[2, 5, 6]] == 11, axis=0)
    assert np.allclose(answer["segmentation"][0, ..., 11], share)
    assert np.allclose(answer["depth"][0, 1:, :, 0], rooms.depth[:, 1:].mean(axis=0), atol=1e-5)
    assert answer["depth"][0, 0, 1, 0] == pytest.approx(rooms.depth[1:, 0, 1].mean(), rel=1e-5)
    assert np.isfinite(answer["depth"]).all()


def test_the_ridge_is_that_of_scikit_learn(rooms):
    from sklearn.linear_model import Ridge

    labelled = [0, 1, 2, 3, 4, 5]
    ridge = dense.PixelRidge(penalties=(1e-2,), distances=(1,)).fit(rooms, labelled, rooms)
    x = ridge.features(rooms.x)
    rows = x[labelled][:, ::2, ::2].reshape(-1, x.shape[-1])
    y = dense.targets(rooms)["segmentation"][labelled][:, ::2, ::2].reshape(len(rows), -1)
    expected = Ridge(1e-2 * len(rows), fit_intercept=False).fit(rows.astype("f8"), y)
    found = ridge.predict(rooms.x[:1])["segmentation"]
    assert np.allclose(
        found.reshape(-1, y.shape[-1]), expected.predict(x[0].reshape(-1, x.shape[-1])), atol=1e-3
    )


def test_the_ridge_chooses_its_penalty_on_validation_rooms(rooms):
    """With labels of noise, the largest penalty is the best one."""
    noise = np.random.default_rng(0).normal(size=rooms.depth.shape).astype("float32")
    noisy = dense.dataclasses.replace(rooms, depth=noise)
    centred = dense.dataclasses.replace(rooms, depth=np.zeros_like(noise))
    for penalties in ((1e-6, 1e2), (1e2, 1e-6)):
        ridge = dense.PixelRidge(penalties).fit(noisy, [0], centred)
        assert ridge.penalty["depth"] == 1e2


def test_the_ridge_chooses_the_highest_accuracy_and_the_lowest_errors(rooms):
    """Judged on the rooms it was fitted to, the smallest penalty is the best one for all tasks."""
    for penalties in ((1e-6, 1e3), (1e3, 1e-6)):
        ridge = dense.PixelRidge(penalties, distances=(1,)).fit(rooms, range(12), rooms)
        assert ridge.penalty == dict.fromkeys(dense.TASKS, 1e-6)


def test_a_pixels_features_are_its_colour_its_neighbours_and_its_place():
    x = np.random.default_rng(0).uniform(0, 255, (2, 4, 5, 3)).astype("float32")
    found, scaled = dense.PixelRidge(distances=(2,)).features(x), x / 127.5 - 1
    assert found.shape == (2, 4, 5, 3 + 8 * 3 + 15)
    assert np.allclose(found[..., :3], scaled, atol=1e-6)
    around = [(down, right) for down in (-2, 0, 2) for right in (-2, 0, 2) if down or right]
    for number, (down, right) in enumerate(around):
        rows = np.clip(np.arange(4) + down, 0, 3)
        columns = np.clip(np.arange(5) + right, 0, 4)
        expected = scaled[:, rows][:, :, columns]
        assert np.allclose(found[..., 3 + 3 * number : 6 + 3 * number], expected, atol=1e-6)
    down, right = np.meshgrid(np.linspace(-1, 1, 4), np.linspace(-1, 1, 5), indexing="ij")
    powers = np.stack([down**i * right**j for i in range(5) for j in range(5 - i)], axis=-1)
    assert np.allclose(found[..., 27:], powers, atol=1e-6)


def test_rooms_are_kept_until_the_code_that_draws_them_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    counts = {"train": 3, "validation": 2, "test": 2, "size": SIZE}
    split = dense.load_rooms(0, **counts)
    assert [len(part) for part in (split.train, split.validation, split.test)] == [3, 2, 2]
    drawn = datasets.load("rooms", size=SIZE, train=5, test=2)
    assert np.array_equal(split.train.x, drawn.train.x[:3])
    assert np.array_equal(split.validation.depth, drawn.train.depth[3:])
    monkeypatch.setattr(rooms_data, "synthesize", None)
    assert np.array_equal(dense.load_rooms(0, **counts).test.x, drawn.test.x)
    monkeypatch.setattr(dense, "_origin", lambda source: "another")
    with pytest.raises(TypeError):
        dense.load_rooms(0, **counts)


def test_real_rooms_need_the_labelled_file(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path))
    with pytest.raises(datasets.DataError, match=r"put nyu_depth_v2_labeled\.mat and splits\.mat"):
        dense.load_rooms(0, source="real")
    with pytest.raises(ValueError, match="'synthetic' or 'real', but got 'NYU'"):
        dense.load_rooms(0, source="NYU")
