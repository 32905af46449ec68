"""Trained networks by name, each with its own preprocessing, to take features from."""

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import h5py
import keras
from keras import layers

from course_lib.datasets.files import DataError, fetch

COURSE_TINY_WEIGHTS = Path(__file__).parents[2] / "data" / "course_tiny.weights.h5"
SQUEEZENET_WEIGHTS = "squeezenet/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5"


@dataclass(frozen=True, eq=False)
class Backbone:
    """A network without its classifier.

    Attributes:
        name: One of `names()`.
        model: `keras.Model` from pictures `(batch, height, width, 3)`, red, green, blue from 0 to
            255, to features `(batch, channels)`: the last feature maps, averaged over places. It
            does its own preprocessing.
        size: Height and width of the pictures, in pixels.
        cuts: Names of the layers where it is best cut, from early to late. The last but one has the
            last feature maps, the last, `"pooled"`, is the model's output.
        parameters: Number of weights, moving statistics among them.
        source: What it was trained on, and by whom.
        licence: Licence of the weights.
        classifier: The network with the classifier that it was trained with, from the same pictures
            to scores `(batch, classes)`, where that is stored; else None. It shares `model`'s
            layers.
    """

    name: str
    model: keras.Model
    size: tuple
    cuts: tuple[str, ...]
    parameters: int
    source: str
    licence: str
    classifier: keras.Model | None = None


class _Network(NamedTuple):
    """What `load` knows of a network: `cuts` is a pattern of layer names."""

    size: int
    mode: str | None
    cuts: str
    source: str
    licence: str


_IMAGENET = "ImageNet, by keras.applications"
_NETWORKS = {
    "course_tiny": _Network(
        32,
        "tf",
        r"stem|block\d",
        "CIFAR-10, by data/course_tiny.py",
        "the project's own; none is stated for the pictures",
    ),
    "squeezenet": _Network(
        227,
        "caffe",
        r"pool1|fire\d",
        "ImageNet, by Iandola et al., version 1.1; as a Keras file by github.com/rcmalli",
        "BSD; MIT for the Keras file",
    ),
    "VGG16": _Network(224, "caffe", r"block\d_pool", _IMAGENET, "CC BY 4.0"),
    "ResNet50": _Network(
        224,
        "caffe",
        r"pool1_pool|conv(2_block3|3_block4|4_block6|5_block3)_out",
        _IMAGENET,
        "MIT",
    ),
    "InceptionV3": _Network(299, "tf", r"mixed\d+", _IMAGENET, "Apache 2.0"),
    "Xception": _Network(
        299, "tf", r"block1_conv2_act|add(_\d+)?|block14_sepconv\d_act", _IMAGENET, "MIT"
    ),
    "MobileNetV2": _Network(
        224,
        "tf",
        r"expanded_conv_project_BN|block_(2_add|5_add|9_add|12_add|15_add|16_project_BN)|out_relu",
        _IMAGENET,
        "Apache 2.0",
    ),
    "EfficientNetV2B0": _Network(
        224,
        None,
        r"block(1a_project_activation|2b_add|3b_add|4c_add|5e_add|6h_add)|top_activation",
        _IMAGENET,
        "Apache 2.0",
    ),
}


def names():
    """Returns the names that `load` knows."""
    return list(_NETWORKS)


def load(name, size=None, weights="trained", seed=0):
    """Loads a network without its classifier.

    Args:
        name: One of `names()`.
        size: Height and width of the pictures in pixels, a number or a pair; the size that the
            network was trained on if None. `(None, None)` leaves both open.
        weights: `"trained"`, or `"random"` for the same network untrained.
        seed: Seed of random weights, set by `keras.utils.set_random_seed`. Trained weights have
            none.

    Returns:
        A `Backbone`.

    Raises:
        ValueError: for another name or other weights, or if pictures are too small.
        DataError: if trained weights cannot be had or cannot be read.

    Example:
        >>> backbone = load("course_tiny", size=64)
        >>> backbone.cuts
        ('stem', 'block1', 'block2', 'block3', 'pooled')
        >>> backbone.model.output.shape
        (None, 96)
    """
    if name not in _NETWORKS:
        raise ValueError(f"No backbone is called {name!r}. There are: {', '.join(names())}.")
    if weights not in ("trained", "random"):
        raise ValueError(f"weights is 'trained' or 'random', but got {weights!r}.")
    network, trained, classifier = _NETWORKS[name], weights == "trained", None
    size = network.size if size is None else size
    size = (size, size) if isinstance(size, int) else tuple(size)
    if not trained:
        keras.utils.set_random_seed(seed)

    model = _build(name, size, trained)
    if trained and name == "course_tiny":
        classifier = keras.Model(model.input, layers.Dense(10, name="scores")(model.output))
        _load_course_tiny(classifier)
    if trained and name == "squeezenet":
        _load_squeezenet(model)
    cuts = [layer.name for layer in model.layers if re.fullmatch(network.cuts, layer.name)]
    return Backbone(
        name=name,
        model=model,
        size=size,
        cuts=(*cuts, "pooled"),
        parameters=model.count_params(),
        source=network.source if trained else f"nothing: random weights, seed {seed}",
        licence=network.licence,
        classifier=classifier,
    )


def _build(name, size, trained):
    """Builds a network up to its pooled features; keras.applications alone loads weights here."""
    mode = _NETWORKS[name].mode
    pictures = keras.Input((*size, 3), name="pictures")
    x = Preprocess(mode, name="preprocess")(pictures) if mode else pictures
    if name == "course_tiny":
        maps = _course_tiny(x)
    elif name == "squeezenet":
        maps = _squeezenet(x)
    else:
        maps = _application(name, x, trained)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(maps)
    return keras.Model(pictures, pooled, name=name)


@keras.saving.register_keras_serializable("course_lib")
class Preprocess(layers.Layer):
    """The preprocessing of keras.applications as a layer.

    Args:
        mode: `"tf"` scales to the range from −1 to 1; `"caffe"` puts blue first and takes away
            ImageNet's means.
    """

    def __init__(self, mode, **kwargs):
        super().__init__(**kwargs)
        self.mode = mode

    def call(self, pictures):
        return keras.applications.imagenet_utils.preprocess_input(pictures, mode=self.mode)

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}


def _convolve(x, channels, size, name):
    """A convolution without bias, and its normalisation."""
    x = layers.Conv2D(channels, size, padding="same", use_bias=False, name=f"{name}_conv")(x)
    return layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)


def _course_tiny(x):
    """A residual network (He et al., 2016) of three blocks, each on maps of half the size."""
    x = layers.Conv2D(32, 3, padding="same", use_bias=False, name="stem_conv")(x)
    x = layers.MaxPooling2D(name="stem_pool")(x)
    x = layers.BatchNormalization(momentum=0.9, name="stem_norm")(x)
    x = layers.ReLU(name="stem")(x)
    for number, channels in enumerate([32, 64, 96], start=1):
        name = f"block{number}"
        if number > 1:
            x = layers.MaxPooling2D(name=f"{name}_pool")(x)
        h = layers.ReLU(name=f"{name}_relu")(_convolve(x, channels, 3, f"{name}_first"))
        h = _convolve(h, channels, 3, f"{name}_second")
        if number > 1:
            x = _convolve(x, channels, 1, f"{name}_skip")
        x = layers.ReLU(name=name)(layers.Add(name=f"{name}_add")([x, h]))
    return x


def _load_course_tiny(classifier):
    try:
        classifier.load_weights(COURSE_TINY_WEIGHTS)
    except (OSError, KeyError, ValueError) as error:
        raise DataError(
            f"The weights of course_tiny cannot be read from {COURSE_TINY_WEIGHTS}: {error}\n"
            "Restore that file of the project, or train it again with python data/course_tiny.py."
        ) from error


def _squeezenet(x):
    """SqueezeNet 1.1 (Iandola et al., arXiv 1602.07360)."""
    x = layers.Conv2D(64, 3, strides=2, activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D(3, strides=2, name="pool1")(x)
    for number, squeeze in enumerate([16, 16, 32, 32, 48, 48, 64, 64], start=2):
        if number in (4, 6):
            x = layers.MaxPooling2D(3, strides=2, name=f"pool{number - 1}")(x)
        name, expand = f"fire{number}", 4 * squeeze
        x = layers.Conv2D(squeeze, 1, activation="relu", name=f"{name}_squeeze1x1")(x)
        one = layers.Conv2D(expand, 1, activation="relu", name=f"{name}_expand1x1")(x)
        three = layers.Conv2D(
            expand, 3, padding="same", activation="relu", name=f"{name}_expand3x3"
        )(x)
        x = layers.Concatenate(name=name)([one, three])
    return x


def _load_squeezenet(model):
    with h5py.File(fetch(SQUEEZENET_WEIGHTS)) as file:
        for layer in model.layers:
            if layer.weights:
                group = file[layer.name.replace("_", "/")]
                layer.set_weights([group[name][()] for name in group.attrs["weight_names"]])


def _application(name, x, trained):
    """The last feature maps of a network in keras.applications."""
    build = getattr(keras.applications, name)
    try:
        return build(
            include_top=False,
            weights="imagenet" if trained else None,
            input_tensor=x,
            input_shape=tuple(x.shape[1:]),
        ).output
    except ValueError:  # about the pictures' size
        raise
    except Exception as error:  # Keras raises no narrower one for a failed download
        folder = Path(os.environ.get("KERAS_HOME", "~/.keras")).expanduser() / "models"
        raise DataError(
            f"The ImageNet weights of {name} cannot be had: {error}\n"
            f"  looked in {folder}\n"
            "Put the file that the address ends with there; or take 'course_tiny' or 'squeezenet'; "
            "or ask for weights='random'."
        ) from error
