import h5py
import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.pictures import rooms
from course_lib.datasets.pictures.rooms import CLASSES
from course_lib.datasets.synthetic import rendering
from course_lib.datasets.synthetic.furnishing import furnish
from course_lib.datasets.synthetic.rendering import (
    FRAME,
    back_project,
    normals_from_depth,
    rays,
    render,
)
from course_lib.experiments import multitask_architectures as experiment
from course_lib.multitask import dense


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("rooms", train=40, test=10)


@pytest.fixture(params=range(3))
def scene(request):
    """A furnished room."""
    return furnish(np.random.default_rng(request.param))


def shoot(scene, size=(48, 64)):
    rng = np.random.default_rng(0)
    return render(rng, scene, CLASSES, rendering.make_patterns(rng), size)


def outside(points, scene):
    """How far points of the room are outside each box, and outside the room: `(..., boxes + 1)`.

    It is negative inside and 0 on the surface, by the largest of the distances to the sides.
    """
    distances = []
    for box in scene.boxes:
        offset = points - box.centre
        cosine, sine = np.cos(box.yaw), np.sin(box.yaw)
        along = cosine * offset[..., 0] + sine * offset[..., 1]
        across = cosine * offset[..., 1] - sine * offset[..., 0]
        local = np.stack([along, across, offset[..., 2]], axis=-1)
        distances.append(np.max(np.abs(local) - box.half, axis=-1))
    half = scene.shell.size / 2
    return np.stack([*distances, np.max(np.abs(points - half) - half, axis=-1)], axis=-1)


def smooth(depth, normals):
    """Where a pixel and its eight neighbours lie on one plane."""
    offset = np.sum(back_project(depth) * normals, axis=-1, keepdims=True)
    plane = np.concatenate([normals, offset], axis=-1)
    flat = np.zeros(depth.shape, bool)
    around = np.lib.stride_tricks.sliding_window_view(plane, (3, 3), axis=(0, 1))
    flat[1:-1, 1:-1] = np.all(np.ptp(around, axis=(-1, -2)) < 1e-4, axis=-1)
    return flat


def degrees_between(first, second):
    return np.degrees(np.arccos(np.sum(first * second, axis=-1).clip(-1, 1)))


def test_schema(drawn):
    assert drawn.source == "synthetic"
    assert (len(drawn.train), len(drawn.test)) == (40, 10)
    train = drawn.train
    assert train.x.shape == train.normals.shape == (40, 48, 64, 3)
    assert train.segmentation.shape == train.depth.shape == (40, 48, 64)
    kinds = [labels.dtype for labels in (train.x, train.segmentation, train.depth, train.normals)]
    assert kinds == ["uint8", "int32", "float32", "float32"]
    assert train.classes == CLASSES
    np.testing.assert_allclose(np.linalg.norm(train.normals, axis=-1), 1, atol=1e-5)
    assert datasets.load("rooms", size=(24, 40), train=1, test=0).train.x.shape == (1, 24, 40, 3)


def test_statistics(drawn):
    share = np.bincount(drawn.train.segmentation.ravel(), minlength=len(CLASSES))
    share = dict(zip(CLASSES, share / share.sum()))
    assert sorted(share, key=share.get)[-2:] == ["floor", "wall"]
    assert min(share.values()) > 0
    assert 0.3 < share["wall"] < 0.55
    assert 2.5 < np.median(drawn.train.depth) < 4.5
    assert drawn.train.depth.min() > 0.1
    assert drawn.train.depth.max() < 9
    floor = drawn.train.normals[drawn.train.segmentation == CLASSES.index("floor")]
    ceiling = drawn.train.normals[drawn.train.segmentation == CLASSES.index("ceiling")]
    assert np.median(floor[:, 1]) > 0.8
    assert np.median(ceiling[:, 1]) < -0.8
    towards = np.sum(drawn.train.normals * rays((48, 64)), axis=-1)
    assert np.all(towards < 0)  # one sees no surface from behind


def test_points_lie_on_what_the_labels_say(scene):
    """Depth and class, by the distance of points to the boxes that the room is made of."""
    _, segmentation, depth, _ = shoot(scene)
    points = scene.place + back_project(depth) @ scene.axes
    distance = np.abs(outside(points, scene))
    assert distance.min(axis=-1).max() < 1e-4
    z = points[..., 2]
    room = np.where(
        np.abs(z) < 1e-4, "floor", np.where(z > scene.shell.size[2] - 1e-4, "ceiling", "wall")
    )
    for row, column in np.ndindex(depth.shape):
        touched = {scene.boxes[i].label for i in np.flatnonzero(distance[row, column, :-1] < 1e-4)}
        if distance[row, column, -1] < 1e-4:
            touched.add(str(room[row, column]))
        assert CLASSES[segmentation[row, column]] in touched


def test_nothing_is_in_front_of_what_one_sees(scene):
    _, _, depth, _ = shoot(scene)
    points = back_project(depth) @ scene.axes
    for part in np.linspace(0.02, 0.999, 25):
        distance = outside(scene.place + part * points, scene)
        assert distance[..., :-1].min() > -1e-4
        assert distance[..., -1].max() < 1e-4


def test_differences_of_points_give_the_normals(scene):
    _, _, depth, normals = shoot(scene, (96, 128))
    points = back_project(depth)
    down, right = points[2:, 1:-1] - points[:-2, 1:-1], points[1:-1, 2:] - points[1:-1, :-2]
    cross = np.cross(down, right)
    cross /= np.linalg.norm(cross, axis=-1, keepdims=True)
    flat = smooth(depth, normals)[1:-1, 1:-1]
    assert flat.mean() > 0.5
    assert degrees_between(cross, normals[1:-1, 1:-1])[flat].max() < 0.1


def test_labels_are_those_of_the_pixels_centres(scene):
    """A picture of a third of the height and width has every third label."""
    small, large = shoot(scene), shoot(scene, (144, 192))
    for label in (1, 2, 3):
        np.testing.assert_allclose(small[label], large[label][1::3, 1::3], atol=1e-4)


def test_normals_of_a_depth_map(scene):
    _, _, depth, normals = shoot(scene, (96, 128))
    computed = normals_from_depth(depth, reach=1)
    flat = smooth(depth, normals)
    inside = flat[1:-1, 1:-1] & flat[2:, 1:-1] & flat[:-2, 1:-1] & flat[1:-1, 2:] & flat[1:-1, :-2]
    assert inside.mean() > 0.3
    assert degrees_between(computed, normals)[1:-1, 1:-1][inside].max() < 0.5


@pytest.mark.parametrize("reach", [1, 4, 8])
def test_normals_of_a_plane_are_exact(reach):
    normal = np.array([0.48, 0.6, 0.64])
    depth = -2 / (rays((60, 80)) @ normal)
    depth[40, 50] = np.nan
    computed = normals_from_depth(depth, reach)
    near = np.abs(np.subtract.outer(range(60), 40)) <= reach + 1
    near = near[:, None] & (np.abs(np.subtract.outer(range(80), 50)) <= reach + 1)
    assert np.all(np.isnan(computed[40, 50]))
    computed = np.where(near[..., None], normal, computed)
    edge = reach + 1
    np.testing.assert_allclose(computed[edge:-edge, edge:-edge] - normal, 0, atol=1e-10)


def test_light_falls_off_and_boxes_throw_shadows(monkeypatch):
    """On a floor below a lamp: cosine of the angle over 1 + (distance / 2)², and none behind."""
    monkeypatch.setattr(rendering, "LAMP", 0)
    points = np.float32([[0, 3, -3], [0, 0, 0], [0, 0, 0]])
    floor = np.float32([[0] * 3, [0] * 3, [1] * 3])
    lights = [(np.array([0, 0, 4.0]), np.array([1, 2, 3]))]
    box = np.float32([[-1.5, 0, 2]]), np.float32([[0.4, 0.4, 0.4]]), np.float32([0.5])
    rng = np.random.default_rng(0)
    light = rendering._illuminate(rng, points, floor, lights, *box) - 0.35
    expected = np.array([1 / (1 + 4), 0.8 / (1 + 25 / 4), 0])
    np.testing.assert_allclose(light, np.outer([1, 2, 3], expected), atol=1e-6)


def test_some_labels_may_be_missing():
    whole, part = (datasets.load("rooms", train=3, test=1, missing=m) for m in (0.0, 0.3))
    assert np.array_equal(whole.train.x, part.train.x)
    assert np.array_equal(whole.test.x, part.test.x)
    for absent in (
        part.train.segmentation == -1,
        np.isnan(part.train.depth),
        np.isnan(part.train.normals).all(axis=-1),
    ):
        np.testing.assert_allclose(absent.mean(axis=(1, 2)), 0.3, atol=0.001)
    kept = ~np.isnan(part.train.depth)
    assert np.array_equal(part.train.depth[kept], whole.train.depth[kept])
    assert np.isfinite(whole.train.depth).all()


@pytest.mark.parametrize("missing", [-0.1, 1.1])
def test_a_share_that_is_none_is_refused(missing):
    with pytest.raises(ValueError, match=f"missing is from 0 to 1, but got {missing}"):
        datasets.load("rooms", missing=missing)


@pytest.fixture
def frames(tmp_path):
    """Files in the layout of the two registered frames: grey, at 2 m, facing up, but for a corner.

    Their upper half is wall, the lower half table.
    """
    segmentation = np.repeat(np.uint8([[0], [6]]), 240, axis=0) * np.ones((1, 640), "uint8")
    depth, normals = np.full(FRAME, 10000, "uint16"), np.full((*FRAME, 3), 127, "uint8")
    normals[..., 2] = 255
    segmentation[:10, :10], depth[:10, :10], normals[:10, :10] = 255, 0, 127
    paths = []
    for part, number in (("three", "000433"), ("joint", "000464")):
        kinds = {"": np.full((*FRAME, 3), 99, "uint8"), "_segm_gt": segmentation}
        kinds |= {"_depth_gt": depth} | ({"_norm_gt": normals} if part == "three" else {})
        for kind, array in kinds.items():
            paths.append(tmp_path / f"{part}{kind}_{number}.png")
            Image.fromarray(array).save(paths[-1])
    return paths


def test_two_frames_are_for_testing_and_it_is_said(frames):
    with pytest.warns(UserWarning, match=r"two frames.*nyu_depth_v2_labeled\.mat and splits\.mat"):
        data = rooms.read(frames)
    test = data.test
    assert (len(data.train), len(test), data.source) == (0, 2, "real")
    assert data.train.normals.shape == (0, 48, 64, 3)
    assert np.all(test.x == 99)
    assert np.all(test.segmentation[:, 0, 0] == -1)
    assert np.all(test.segmentation[:, 1:24] == CLASSES.index("wall"))
    assert np.all(test.segmentation[:, 24:] == CLASSES.index("table"))
    assert np.isnan(test.depth[:, 0, 0]).all()
    assert np.all(test.depth[:, 1:] == 2)
    assert np.isnan(test.normals[0, 0, 0]).all()
    np.testing.assert_allclose(
        test.normals[0, 1:], np.broadcast_to([0, 1, 0], (47, 64, 3)), atol=0.01
    )
    assert np.isnan(test.normals[1]).all()


def test_a_damaged_frame_is_named(frames):
    frames[2].write_bytes(b"no picture")
    with (
        pytest.warns(UserWarning, match="two frames"),
        pytest.raises(DataError, match=r"three_depth_gt_000433\.png cannot be read as a PNG"),
    ):
        rooms.read(frames)


NAMES = ("wall", "bookshelf", "coffee table", "night stand", "desk", "alarm clock", "books")
MEANT = ("wall", "furniture", "furniture", "furniture", "table", "objects", "books")
NORMAL = np.array([0.48, 0.6, 0.64])


@pytest.fixture
def labelled(tmp_path, monkeypatch):
    """The folder of a labelled file of four pictures: each of a plane, with stripes of classes."""
    folder = tmp_path / "data" / "nyu"
    folder.mkdir(parents=True)
    monkeypatch.setenv("COURSE_DATA", str(folder.parent))
    savemat(folder / "splits.mat", {"trainNdxs": [[2], [3], [4]], "testNdxs": [[1]]})
    labels = np.repeat(np.arange(8, dtype="uint16"), 80)[:, None] * np.ones(480, "uint16")
    with h5py.File(folder / "nyu_depth_v2_labeled.mat", "w") as file:
        depth = -1 / (rays(FRAME) @ NORMAL)
        file["depths"] = np.float32([(row + 1) * depth.T for row in range(4)])
        file["labels"] = np.stack([labels] * 4)
        colours = 10 * np.arange(1, 5)[:, None] + np.arange(3)
        file["images"] = np.uint8(colours[..., None, None] * np.ones((640, 480)))
        cells = []
        for name in NAMES:
            cell = file.create_dataset(
                f"#refs#/{len(cells)}", data=np.uint16([[ord(c)] for c in name])
            )
            cells.append(cell.ref)
        file.create_dataset("names", data=np.array([cells], h5py.ref_dtype))
    return folder


def test_the_labelled_file(labelled):
    data = rooms.read([])
    assert data.source == "real"
    assert data.train.x[:, 5, 5].tolist() == [[20, 21, 22], [30, 31, 32], [40, 41, 42]]
    assert data.test.x[:, 5, 5].tolist() == [[10, 11, 12]]
    meant = [-1] + [CLASSES.index(name) for name in MEANT]
    assert data.test.segmentation[0, 7].tolist() == np.repeat(meant, 8).tolist()
    # depth lies at the centres of the large picture's pixels, half a pixel beside the small one's
    ratio = data.test.depth * -(rays((48, 64)) @ NORMAL)
    np.testing.assert_allclose(ratio, 1, atol=0.005)
    np.testing.assert_allclose(data.train.depth[1], 3 * data.test.depth[0], rtol=1e-6)
    inside = data.train.normals[:, 2:-2, 2:-2]
    np.testing.assert_allclose(inside, np.broadcast_to(NORMAL, inside.shape), atol=1e-4)


def test_no_more_of_the_labelled_file_is_read_than_is_wanted(labelled, monkeypatch):
    rows, get = [], h5py.Dataset.__getitem__

    def spy(dataset, row):
        rows.append((dataset.name, row))
        return get(dataset, row)

    monkeypatch.setattr(h5py.Dataset, "__getitem__", spy)
    data = rooms.read([], limit=1)
    assert (len(data.train), len(data.test)) == (1, 1)
    assert [row for name, row in rows if name == "/images"] == [1, 0]
    assert [row for name, row in rows if name == "/depths"] == [1, 0]


def test_experiments_take_the_labelled_file(labelled, tmp_path, monkeypatch):
    """One in eight of the training rooms validates, by the seed; the test rooms stay."""
    monkeypatch.setenv("COURSE_CACHE", str(tmp_path / "cache"))
    split, whole = dense.load_rooms(1, source="real"), rooms.read([])
    assert [len(part) for part in (split.train, split.validation, split.test)] == [2, 1, 1]
    drawn = np.concatenate([split.train.x, split.validation.x])
    order = np.random.default_rng(1).permutation(3)
    assert np.array_equal(drawn, whole.train.x[order])
    assert np.array_equal(split.test.depth, whole.test.depth)
    real = [run for run in experiment.trials(0) if run["source"] == "real"]
    assert len(real) == len(experiment.trials(0)) / 2
    found = experiment.train(1, "mean picture", 20, source="real")
    assert 0 <= found["measures"]["accuracy"] <= 100


def test_the_labelled_file_needs_its_split(labelled):
    (labelled / "splits.mat").unlink()
    with pytest.raises(DataError, match=r"comes without its split: put splits\.mat"):
        rooms.read([])


@pytest.mark.parametrize("fault", ["cut off", "transposed", "lacks depth"])
def test_a_damaged_labelled_file_is_named(labelled, fault):
    path = labelled / "nyu_depth_v2_labeled.mat"
    if fault == "cut off":
        path.write_bytes(path.read_bytes()[:5000])
    else:
        with h5py.File(path, "a") as file:
            images = file["images"][:]
            del file["images" if fault == "transposed" else "depths"]
            if fault == "transposed":
                file["images"] = images.transpose(0, 2, 3, 1)
    with pytest.raises(DataError, match=r"labeled\.mat cannot be read as the labelled file of NYU"):
        rooms.read([])


def test_all_forty_classes_are_mapped():
    assert len(rooms.FORTY) == 40
    assert set(rooms.FORTY.values()) == set(CLASSES)


def test_real_frames(real_data):
    """Their normals are those of their depth, so the axes are right."""
    with pytest.warns(UserWarning, match="two frames"):
        data = datasets.load("rooms", source="real", size=FRAME)
    test = data.test
    present = [{CLASSES[c] for c in np.unique(labels) if c >= 0} for labels in test.segmentation]
    assert {"wall", "floor", "picture", "window"} <= present[0]
    assert {"wall", "floor", "sofa", "table", "picture"} <= present[1]
    assert 1 < np.nanmin(test.depth) < np.nanmax(test.depth) < 10
    assert np.isnan(test.normals[1]).all()
    angle = degrees_between(normals_from_depth(test.depth[0]), test.normals[0])
    known = angle[~np.isnan(angle)]
    assert len(known) > 100_000
    assert np.median(known) < 4
