"""Layers in which modalities meet, losses that merge them, and networks of both."""

import keras
import numpy as np
from keras import layers, ops

from course_lib.fusion import architectures, merging, speakers
from course_lib.fusion.early import StackedAutoencoder
from course_lib.fusion.layers import Aligned, CrossAttention, LowRankFusion, ModalityDropout
from course_lib.fusion.speech import SincConv, StatisticsPooling
from tests.contract.case import Case

CLASSES = 3
FEATURES = {"picture": (5,), "sound": (4,)}
STEPS = {"picture": (3, 5), "sound": (4, 4)}
CROSS_ENTROPY = {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}


def data_of(shapes):
    """A function from rows to two modalities, told apart by what they have in common, and classes.

    The last step of a sequence is padding in every second row.
    """

    def data(rows):
        rng = np.random.default_rng(0)
        y = (np.arange(16) % CLASSES).astype("float32")
        x = {
            name: rng.normal(size=(16, *shape)).astype("float32") for name, shape in shapes.items()
        }
        for values in x.values():
            values[..., 0] += y.reshape(-1, *[1] * (values.ndim - 2))
            if values.ndim == 3 and len(shapes) > 1:
                values[::2, -1] = 0
        return {name: values[:rows] for name, values in x.items()}, y[:rows]

    return data


def network(shapes, fuse):
    """A tiny network: what `fuse` makes of its inputs, and a last layer of logits.

    Args:
        shapes: Dictionary from modalities to shapes without rows.
        fuse: Function from a list of Keras tensors to one.

    Returns:
        A function that makes the network.
    """

    def make():
        keras.utils.set_random_seed(0)
        inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
        return keras.Model(inputs, layers.Dense(CLASSES)(fuse(list(inputs.values()))))

    return make


def dropped(modalities):
    return layers.Concatenate()(ModalityDropout(0.4, seed=1)(modalities))


def attended(modalities):
    query, value = modalities
    return layers.GlobalAveragePooling1D()(CrossAttention(6)(query, layers.Masking()(value)))


def aligned():
    keras.utils.set_random_seed(0)
    inputs = {name: keras.Input(shape, name=name) for name, shape in FEATURES.items()}
    ends = [layers.Dense(6, "tanh")(x) for x in inputs.values()]
    answer = layers.Dense(CLASSES)(layers.Concatenate()(ends))
    return Aligned(keras.Model(inputs, [answer, *ends]), weight=0.5, temperature=0.5)


def several_answers(modalities):
    """Features of both modalities and of their mixture, `(rows, 3, units)`."""
    features = ops.stack([layers.Dense(6, "tanh")(x) for x in modalities], axis=1)
    return merging.mixtures(features, merging.subsets(2))


@keras.saving.register_keras_serializable("tests")
class Blended(keras.losses.Loss):
    """Cross entropies of several answers, weighted by gradient blending."""

    weights = merging.blending_weights([[2, 2, 3], [1, 0.5, 0]], [[2, 2, 3], [1.5, 1, 1]])

    def call(self, y_true, y_pred):
        return merging.additive(y_true, y_pred, np.float32(self.weights))


def architecture(**options):
    def make():
        keras.utils.set_random_seed(0)
        return architectures.build(FEATURES, CLASSES, units=6, **options)

    return make


def recognizer():
    keras.utils.set_random_seed(0)
    frames = keras.Input((6, 4), name="sound")
    embedding = layers.Dense(5, "tanh")(StatisticsPooling()(frames))
    return speakers.recognizer({"sound": frames}, embedding, CLASSES)


def encoder():
    keras.utils.set_random_seed(0)
    x = data_of({"sound": (6,)})(16)[0]["sound"]
    return StackedAutoencoder([5, CLASSES], "linear", epochs=1, batch_size=16).fit(x).encoder


def encoded(rows):
    x, y = data_of({"sound": (6,)})(rows)
    return x["sound"], y


CASES = [
    Case(
        "modality dropout",
        network(FEATURES, dropped),
        data_of(FEATURES),
        CROSS_ENTROPY,
        draws=True,
        draws_by_row=True,
    ),
    Case(
        "low-rank fusion",
        network(FEATURES, lambda x: LowRankFusion(4, rank=2)(x)),
        data_of(FEATURES),
        CROSS_ENTROPY,
    ),
    Case("cross-attention", network(STEPS, attended), data_of(STEPS), CROSS_ENTROPY),
    Case(
        "contrastive alignment",
        aligned,
        data_of(FEATURES),
        CROSS_ENTROPY,
        {"sample_weight": "negative of all others", "class_weight": "negative of all others"},
    ),
    Case(
        "additive merging",
        network(FEATURES, several_answers),
        data_of(FEATURES),
        {"loss": merging.additive},
    ),
    Case(
        "multiplicative merging",
        network(FEATURES, several_answers),
        data_of(FEATURES),
        {"loss": merging.multiplicative},
    ),
    Case(
        "gradient blending",
        network(FEATURES, several_answers),
        data_of(FEATURES),
        {"loss": Blended()},
    ),
    *(
        Case(
            f"fusion architecture, {merge}",
            architecture(merge=merge, absent=0.3),
            data_of(FEATURES),
            CROSS_ENTROPY,
            draws=True,
            draws_by_row=True,
        )
        for merge in ("concatenate", "add", "multiply", "low_rank")
    ),
    Case(
        "SincNet filters",
        network({"sound": (40,)}, lambda x: ops.max(ops.abs(SincConv(4, 11, stride=4)(*x)), 1)),
        data_of({"sound": (40,)}),
        CROSS_ENTROPY,
    ),
    Case(
        "statistics pooling",
        network({"sound": (6, 4)}, lambda x: StatisticsPooling()(*x)),
        data_of({"sound": (6, 4)}),
        CROSS_ENTROPY,
    ),
    Case(
        "speaker recognizer",
        recognizer,
        data_of({"sound": (6, 4)}),
        CROSS_ENTROPY,
        draws=True,
        draws_by_row=True,
    ),
    Case("stacked autoencoder", encoder, encoded, CROSS_ENTROPY),
]
