"""Pictures that the tests write themselves, as JPEG and PNG, in a folder and in a zip file."""

import shutil
import zipfile

import numpy as np
import pytest
from PIL import Image

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.pictures import cifar10, hymenoptera
from course_lib.datasets.pictures.labelled import Pictures, read_folder, read_zip


@pytest.fixture
def folder(tmp_path):
    """Two classes, two training pictures and one test picture of each, of one colour each."""
    folder = tmp_path / "own"
    for part, count in (("train", 2), ("test", 1)):
        for label, colour in (("cat", "red"), ("dog", "blue")):
            (folder / part / label).mkdir(parents=True)
            for number in range(count):
                picture = Image.new("RGB", (40, 30), colour)
                picture.save(folder / part / label / f"{number}.{'jpg' if number else 'png'}")
    return folder


def pack(folder):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in folder.rglob("*"):
            archive.write(file, file.relative_to(folder.parent))
    return path


def test_a_folder_is_read(folder):
    data = datasets.read_folder(folder, size=16)
    assert data.train.x.shape == (4, 16, 16, 3)
    assert data.train.x.dtype == np.uint8
    assert data.train.y.tolist() == [0, 0, 1, 1]
    assert data.test.y.tolist() == [0, 1]
    assert data.train.classes == data.test.classes == ("cat", "dog")
    assert (data.source, data.skipped, len(data.train)) == ("real", (), 4)
    assert np.all(data.test.x[0] == (255, 0, 0))
    assert np.abs(data.train.x[3] - np.array([0, 0, 255.0])).max() < 3  # JPEG loses a little


def test_a_zip_file_holds_the_same(folder):
    by_folder, by_zip = read_folder(folder, 16), read_zip(pack(folder), 16)
    assert np.array_equal(by_folder.train.x, by_zip.train.x)
    assert np.array_equal(by_folder.test.y, by_zip.test.y)


def test_val_is_another_name_of_test(folder):
    (folder / "test").rename(folder / "val")
    assert len(read_folder(folder, 16).test) == 2


def test_a_limit_counts_files_of_each_class_and_part(folder):
    assert read_folder(folder, 16, limit=1).train.y.tolist() == [0, 1]


def test_a_picture_is_cut_around_its_middle_and_never_squeezed(folder):
    """A green square in the middle of a wide picture stays a square, and its sides are cut off."""
    wide = np.zeros((40, 120, 3), "uint8")
    wide[:, 40:80] = (0, 255, 0)
    Image.fromarray(wide).save(folder / "test" / "cat" / "0.png")
    assert np.all(read_folder(folder, 40).test.x[0] == (0, 255, 0))


def test_a_photograph_is_turned_as_its_camera_says(folder):
    picture = np.zeros((40, 40, 3), "uint8")
    picture[:20] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    Image.fromarray(picture).save(folder / "test" / "cat" / "0.png", exif=exif)
    read = read_folder(folder, 40).test.x[0]
    assert np.all(read[:20] == 0)
    assert np.all(read[20:] == 255)


def test_unreadable_files_are_reported_and_skipped(folder):
    cats = folder / "train" / "cat"
    whole = (cats / "1.jpg").read_bytes()
    (cats / "broken.jpg").write_bytes(whole[: len(whole) // 2])
    (cats / "text.jpg").write_text("no picture")
    Image.new("L", (9, 9)).save(cats / "animated.gif")
    with pytest.warns(UserWarning, match=r"own: skipped.*animated\.gif, .*broken\.jpg, .*text"):
        data = read_folder(folder, 16)
    assert data.skipped == tuple(
        f"train/cat/{name}" for name in ("animated.gif", "broken.jpg", "text.jpg")
    )
    assert data.train.y.tolist() == [0, 0, 1, 1]


def test_what_a_folder_lacks_is_named(folder, tmp_path):
    with pytest.raises(DataError, match=r"nowhere should hold train/CLASS/\*\.jpg.*\[\] in train"):
        read_folder(tmp_path / "nowhere", 16)
    (folder / "test" / "cat" / "0.png").write_text("no picture")
    with pytest.raises(DataError, match=r"no readable picture in test of class 'cat'"):
        read_folder(folder, 16)
    shutil.rmtree(folder / "test" / "cat")
    with pytest.raises(DataError, match=r"\['cat', 'dog'\] in train and \['dog'\] in test"):
        read_folder(folder, 16)


@pytest.mark.parametrize("damage", ["its list of contents", "a byte of a picture"])
def test_a_damaged_zip_file_is_named(folder, damage):
    path = pack(folder)
    content = bytearray(path.read_bytes())
    if damage == "its list of contents":
        del content[-50:]
    else:
        content[content.index(b"\xff\xd8\xff") + 100] ^= 255
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"own\.zip cannot be read as a zip file"):
        read_zip(path, 16)


def test_first_takes_the_first_of_each_class():
    x, y = np.arange(6).reshape(6, 1, 1), np.array([1, 0, 1, 1, 0, 0])
    pictures = Pictures(x, y, ("a", "b"))
    assert pictures.first(None) is pictures
    assert pictures.first(2).x.ravel().tolist() == [0, 1, 2, 4]
    assert pictures.first(2).y.tolist() == [1, 0, 1, 0]


def test_shapes_have_the_schema_of_cifar10():
    data = datasets.load("cifar10", limit=20)
    assert data.train.x.shape == (200, 32, 32, 3)
    assert data.train.x.dtype == np.uint8
    assert np.bincount(data.test.y).tolist() == [20] * 10
    assert len(data.train.classes) == 10
    assert {"square", "star"} < set(data.train.classes)


def test_ants_and_bees_have_the_schema_of_the_real_ones():
    data = datasets.load("hymenoptera", size=48, limit=5)
    assert data.train.x.shape == (10, 48, 48, 3)
    assert data.test.y.tolist() == [0] * 5 + [1] * 5
    assert data.train.classes == ("ants", "bees")


def test_real_cifar10(real_data):
    data = datasets.load("cifar10", source="real", limit=20)
    assert data.train.x.shape == data.test.x.shape == (200, 32, 32, 3)
    assert data.train.classes[:3] == ("airplane", "automobile", "bird")
    assert data.skipped == ()
    assert data.train.x.mean() == pytest.approx(121, abs=6)  # of all the pictures: 120.7


def test_real_ants_and_bees(real_data):
    with pytest.warns(UserWarning, match=r"skipped.*imageNotFound\.gif"):
        data = datasets.load("hymenoptera", source="real", size=64)
    assert np.bincount(data.train.y).tolist() == [123, 121]
    assert np.bincount(data.test.y).tolist() == [70, 83]
    assert [name.rpartition("/")[2] for name in data.skipped] == ["imageNotFound.gif"]


@pytest.mark.parametrize("module", [cifar10, hymenoptera])
def test_readers_name_the_damaged_file(module, tmp_path):
    path = tmp_path / "pictures.zip"
    path.write_bytes(b"PK damaged")
    with pytest.raises(DataError, match=r"pictures\.zip cannot be read"):
        module.read([path])
