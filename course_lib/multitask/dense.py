"""Dense prediction on rooms: class, depth and surface normal of every pixel."""

import keras
import numpy as np

from course_lib.multitask.losses import Present, cosine_distance

LOWER_IS_BETTER = {"segmentation": False, "depth": True, "normals": True}
UNITS = {"segmentation": "mean IoU", "depth": "RMSE, metres", "normals": "mean angle, degrees"}


def labels(rooms):
    """Dictionary from task to labels of `rooms`, a `datasets.rooms.Rooms`."""
    return {task: getattr(rooms, task) for task in LOWER_IS_BETTER}


def losses():
    """Dictionary from task to its loss: cross entropy, absolute error in metres, 1 − cosine."""
    return {
        "segmentation": keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=-1
        ),
        "depth": Present("mean_absolute_error"),
        "normals": Present(cosine_distance),
    }


def stages(filters=(16, 32, 32, 16)):
    """A small trunk for pictures, in four stages.

    Two halve height and width, one looks around (dilated convolutions), one doubles them.

    Args:
        filters: Channels after each stage.

    Returns:
        List of functions from a name to a layer, as `architectures` takes them.
    """

    def convolution(units, **options):
        return keras.layers.Conv2D(
            units, 3, padding="same", activation="relu", kernel_initializer="he_normal", **options
        )

    first, second, around, upwards = filters
    parts = [
        lambda: [keras.layers.Rescaling(1 / 127.5, -1), convolution(first, strides=2)],
        lambda: [convolution(second, strides=2), convolution(second)],
        lambda: [convolution(around, dilation_rate=2), convolution(around, dilation_rate=4)],
        lambda: [keras.layers.UpSampling2D(interpolation="bilinear"), convolution(upwards)],
    ]
    return [lambda name, part=part: keras.Sequential(part(), name=name) for part in parts]


def heads(classes):
    """A convolution for each task, doubled to the picture's height and width.

    Args:
        classes: Number of classes of the segmentation.

    Returns:
        Dictionary from task to a function from a name to a layer, as `architectures` takes it.
        Outputs are logits `(batch, height, width, classes)`, metres `(batch, height, width, 1)`,
        and vectors `(batch, height, width, 3)` of any length.
    """
    units = {"segmentation": classes, "depth": 1, "normals": 3}
    return {
        task: lambda name, units=units: keras.Sequential(
            [keras.layers.Conv2D(units, 1), keras.layers.UpSampling2D(interpolation="bilinear")],
            name=name,
        )
        for task, units in units.items()
    }


def measures(predictions, rooms):
    """How good predictions are, over all pixels whose label is not missing.

    Args:
        predictions: Dictionary from task to predictions, as of `heads`.
        rooms: A `datasets.rooms.Rooms`.

    Returns:
        Dictionary from task to its measure, in the unit of `UNITS`. The mean IoU is that over the
        classes which labels or predictions have.
    """
    known = rooms.segmentation >= 0
    found = np.argmax(predictions["segmentation"], axis=-1)[known]
    classes = len(rooms.classes)
    confusion = np.bincount(rooms.segmentation[known] * classes + found, minlength=classes**2)
    confusion = confusion.reshape(classes, classes)
    both, either = np.diag(confusion), confusion.sum(axis=0) + confusion.sum(axis=1)
    union = either - both
    depth = predictions["depth"][..., 0] - rooms.depth
    normals = predictions["normals"] / np.maximum(
        np.linalg.norm(predictions["normals"], axis=-1, keepdims=True), 1e-12
    )
    angles = np.degrees(np.arccos(np.clip(np.sum(normals * rooms.normals, axis=-1), -1, 1)))
    return {
        "segmentation": float(np.mean(both[union > 0] / union[union > 0])),
        "depth": float(np.sqrt(np.nanmean(depth**2))),
        "normals": float(np.nanmean(angles)),
    }
