"""Backbones hold the weights, the preprocessing and the cuts that they say they hold."""

import re
from types import SimpleNamespace

import h5py
import keras
import numpy as np
import pytest
from keras import ops
from keras.src.legacy.saving import legacy_h5_format
from keras.src.utils import file_utils

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.files import fetch
from course_lib.transfer import backbones, bottleneck

CARD = backbones.COURSE_TINY_WEIGHTS.parent / "course_tiny.md"
APPLICATIONS = {
    "VGG16": keras.applications.vgg16,
    "ResNet50": keras.applications.resnet50,
    "InceptionV3": keras.applications.inception_v3,
    "Xception": keras.applications.xception,
    "MobileNetV2": keras.applications.mobilenet_v2,
    "EfficientNetV2B0": keras.applications.efficientnet_v2,
}
SMALL = ["course_tiny", "squeezenet", "MobileNetV2"]
LARGE = [
    pytest.param(name, marks=[pytest.mark.slow, pytest.mark.stress])
    for name in APPLICATIONS
    if name not in SMALL
]
small_and_large = pytest.mark.parametrize("name", ["MobileNetV2", *LARGE])
all_small_and_large = pytest.mark.parametrize("name", [*SMALL, *LARGE])


def draw(*shape):
    return np.random.default_rng(0).integers(256, size=shape, dtype="uint8")


def values(tensor):
    return ops.convert_to_numpy(tensor)


def card(row):
    """The number in a row of the model card's table."""
    text = CARD.read_text(encoding="utf-8")
    return float(re.search(rf"^\| {row} \| ([\d.,]+)", text, re.MULTILINE)[1].replace(",", ""))


def test_there_are_the_networks_of_the_course():
    assert backbones.names() == ["course_tiny", "squeezenet", *APPLICATIONS]


def test_other_names_and_weights_are_refused():
    with pytest.raises(ValueError, match=r"'AlexNet'. There are: course_tiny, squeezenet, VGG16"):
        backbones.load("AlexNet")
    with pytest.raises(ValueError, match="'trained' or 'random', but got 'imagenet'"):
        backbones.load("course_tiny", weights="imagenet")


@all_small_and_large
def test_a_backbone_is_what_it_says(name):
    backbone = backbones.load(name, size=96, weights="random")
    assert backbone.name == name
    assert backbone.size == (96, 96)
    assert backbone.model.input.shape == (None, 96, 96, 3)
    assert len(backbone.model.output.shape) == 2
    assert backbone.parameters == backbone.model.count_params()
    assert "random" in backbone.source
    assert backbone.licence
    assert backbone.classifier is None

    possible = bottleneck.cuts(backbone.model)
    places = [possible.index(cut) for cut in backbone.cuts]
    assert len(places) >= 5
    assert places == sorted(places)
    *_, maps, pooled = (bottleneck.split(backbone.model, cut).base for cut in backbone.cuts)
    assert pooled.output is backbone.model.output
    assert np.allclose(
        values(ops.mean(maps(draw(1, 96, 96, 3)), axis=(1, 2))),
        values(pooled(draw(1, 96, 96, 3))),
        atol=1e-5,
    )


@small_and_large
def test_preprocessing_is_keras_own(name):
    module = APPLICATIONS[name]
    inside = backbones.load(name, size=96, weights="random").model
    plain = getattr(module, name)(weights=None, include_top=False, input_shape=(96, 96, 3))
    plain.set_weights(inside.get_weights())
    pictures = draw(2, 96, 96, 3)
    maps = plain(module.preprocess_input(pictures.astype("float32")))
    assert np.allclose(values(inside(pictures)), values(ops.mean(maps, axis=(1, 2))), atol=1e-5)


@pytest.mark.parametrize(
    ("mode", "module"), [("tf", "mobilenet_v2"), ("caffe", "vgg16"), ("caffe", "resnet50")]
)
def test_the_preprocessing_layer_is_keras_function(mode, module):
    pictures = draw(2, 5, 5, 3).astype("float32")
    layer = backbones.Preprocess(mode)
    expected = getattr(keras.applications, module).preprocess_input(pictures.copy())
    assert np.allclose(values(layer(pictures)), expected, atol=1e-4)
    again = backbones.Preprocess.from_config(layer.get_config())
    assert np.array_equal(values(again(pictures)), values(layer(pictures)))


@pytest.mark.parametrize("name", backbones.names())
def test_every_network_has_the_preprocessing_that_it_was_trained_with(name, monkeypatch):
    """On the input of its first layer, so that large networks need not be built."""
    reached = []

    def build(input_tensor, **options):
        reached.append(input_tensor)
        return SimpleNamespace(output=keras.layers.Conv2D(1, 1)(input_tensor))

    if name in APPLICATIONS:
        monkeypatch.setattr(keras.applications, name, build)
    model = backbones.load(name, size=32, weights="random").model
    if not reached:
        first = next(layer for layer in model.layers if layer.weights)
        reached.append(first.input)
    shown = draw(2, 32, 32, 3).astype("float32")
    if name == "course_tiny":
        expected = shown / 127.5 - 1
    elif name == "squeezenet":
        expected = shown[..., ::-1] - [103.939, 116.779, 123.68]
    else:
        expected = APPLICATIONS[name].preprocess_input(shown.copy())
    if reached[0] is model.input:
        assert np.array_equal(expected, shown)
    else:
        found = keras.Model(model.input, reached[0])(shown)
        assert np.allclose(values(found), expected, atol=1e-3)


def test_preprocessing_for_caffe_puts_blue_first_and_takes_the_means_away():
    red = np.array([[[[255, 0, 0]]]], "float32")
    found = values(backbones.Preprocess("caffe")(red))[0, 0, 0]
    assert found == pytest.approx([-103.939, -116.779, 255 - 123.68], rel=1e-5)


@pytest.mark.parametrize("name", ["course_tiny", "squeezenet"])
def test_pictures_of_any_size_and_type_are_taken(name):
    pictures = draw(2, 70, 90, 3)
    fixed = backbones.load(name, size=(70, 90), weights="random").model
    free = backbones.load(name, size=(None, None), weights="random").model
    free.set_weights(fixed.get_weights())
    assert np.array_equal(values(fixed(pictures)), values(fixed(pictures.astype("float32"))))
    assert np.array_equal(values(fixed(pictures)), values(free(pictures)))


def test_pictures_that_are_too_small_are_refused():
    for name, size in (("course_tiny", 2), ("squeezenet", 8), ("MobileNetV2", 16)):
        with pytest.raises(ValueError, match=r"\d"):
            backbones.load(name, size=size, weights="random")


def test_random_weights_come_from_the_seed():
    first, same, other = (
        backbones.load("course_tiny", weights="random", seed=seed).model.get_weights()
        for seed in (1, 1, 2)
    )
    assert all(np.array_equal(a, b) for a, b in zip(first, same))
    assert not np.array_equal(first[0], other[0])


def test_the_course_s_own_network_is_small_and_trained():
    backbone = backbones.load("course_tiny")
    assert backbones.COURSE_TINY_WEIGHTS.stat().st_size <= 1_000_000
    assert backbone.parameters == card("Parameters")
    assert backbone.classifier.get_layer("block3") is backbone.model.get_layer("block3")
    norm = backbone.model.get_layer("block3_second_norm")
    assert not np.allclose(values(norm.moving_mean), 0)


def test_the_course_s_own_network_can_be_saved(tmp_path):
    backbone = backbones.load("course_tiny")
    backbone.model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    pictures = draw(2, 32, 32, 3)
    assert np.array_equal(values(again(pictures)), values(backbone.model(pictures)))


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_weights_that_cannot_be_read_are_an_error(monkeypatch, tmp_path, content):
    path = tmp_path / "course_tiny.weights.h5"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setattr(backbones, "COURSE_TINY_WEIGHTS", path)
    with pytest.raises(DataError, match=r"course_tiny.weights.h5.*\n.*data/course_tiny.py"):
        backbones.load("course_tiny")


@pytest.mark.usefixtures("real_data")
def test_the_accuracy_of_the_card_is_that_of_the_stored_weights():
    test = datasets.load("cifar10", source="real").test
    scores = backbones.load("course_tiny").classifier.predict(test.x, batch_size=500, verbose=0)
    assert 100 * np.mean(scores.argmax(axis=1) == test.y) == pytest.approx(
        card("Accuracy on the 10,000 test pictures"), abs=0.02
    )


def test_squeezenet_has_the_parameters_of_the_paper():
    model = backbones.load("squeezenet", weights="random").model
    assert model.count_params() == 722_496
    assert sum(isinstance(layer, keras.layers.Conv2D) for layer in model.layers) == 25


@pytest.mark.usefixtures("real_data")
def test_all_of_squeezenet_is_loaded():
    model = backbones.load("squeezenet").model
    with h5py.File(fetch(backbones.SQUEEZENET_WEIGHTS)) as file:
        stored = {}
        for name in file.attrs["layer_names"]:
            group = file[name]
            weights = [group[weight][()] for weight in group.attrs["weight_names"]]
            if weights:
                stored[name.decode().replace("/", "_")] = weights
    loaded = {layer.name: layer.get_weights() for layer in model.layers if layer.weights}
    assert len(stored) == 25
    assert loaded.keys() == stored.keys()
    for name, weights in loaded.items():
        assert all(np.array_equal(a, b) for a, b in zip(weights, stored[name], strict=True))


def test_squeezenet_without_its_file_is_an_error(monkeypatch):
    monkeypatch.setattr("pooch.core.stream_download", _fail)
    with pytest.raises(DataError, match="squeezenet_weights"):
        backbones.load("squeezenet")


def _fail(*arguments, **options):
    raise OSError("no network")


@small_and_large
def test_weights_that_cannot_be_had_are_an_error(name, monkeypatch, tmp_path):
    asked = []

    def get_file(fname, origin, **options):
        asked.append(fname)
        raise Exception(f"URL fetch failure on {origin}: None -- no network")

    monkeypatch.setattr(file_utils, "get_file", get_file)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(DataError) as error:
        backbones.load(name)
    for part in (name, asked[0], str(tmp_path / "models"), "course_tiny", "weights='random'"):
        assert part in str(error.value)


@small_and_large
def test_trained_weights_are_those_of_the_file(name, monkeypatch, tmp_path):
    there = backbones.load(name, size=96, weights="random", seed=1).model
    with h5py.File(tmp_path / "weights.h5", "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, there)
    monkeypatch.setattr(file_utils, "get_file", lambda *_, **options: tmp_path / "weights.h5")
    loaded = backbones.load(name, size=96)
    for one, other in zip(there.get_weights(), loaded.model.get_weights(), strict=True):
        assert np.array_equal(one, other)
    assert "ImageNet" in loaded.source
