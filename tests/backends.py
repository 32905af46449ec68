"""Prints values and gradients of losses and layers, and trainings, on a Keras backend, as JSON."""

import json

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from course_lib.consistency import losses, pairs
from course_lib.consistency.gradients import input_gradient
from course_lib.consistency.training import METHODS
from course_lib.fusion import layers as fusion
from course_lib.fusion import merging, speech

RNG = np.random.default_rng(0)
FIXED, MOVED = RNG.normal(size=(2, 6, 4)).astype("float32")
LABELS = np.array([0, 1, 2, 0, 1, 2])
SHARE, ORDER = RNG.random(6).astype("float32"), RNG.permutation(6)
LOSSES = {
    "kl_divergence": lambda x: ops.sum(losses.kl_divergence(FIXED, x)),
    "kl_divergence of the target": lambda x: ops.sum(losses.kl_divergence(x, FIXED)),
    "entropy": lambda x: ops.sum(losses.entropy(x)),
    "squared_difference": lambda x: ops.sum(losses.squared_difference(FIXED, x)),
    "uda": lambda x: losses.uda(FIXED, x, 0.5, 0.4),
    "pseudo_label": lambda x: losses.pseudo_label(x, 0.4),
    "sharpen": lambda x: ops.sum(losses.sharpen(ops.softmax(x), 0.5) * FIXED),
    "mix": lambda x: ops.sum(losses.mix(x, ORDER, SHARE) * FIXED),
    "annealed": lambda x: losses.annealed(
        LABELS, x, losses.annealed_threshold(0.5, 4, "exp") + 0.2
    ),
    "contrastive": lambda x: pairs.contrastive(x, FIXED, LABELS == 0, 3.0),
    "triplet": lambda x: pairs.triplet(x, FIXED, FIXED[::-1].copy(), 2.0),
    "semi_hard_triplet": lambda x: pairs.semi_hard_triplet(LABELS, x, 2.0),
}
ANSWERS = RNG.normal(0, 2, (6, 3, 4)).astype("float32")
SOUND = RNG.normal(size=(6, 400)).astype("float32")


def merged(loss, **options):
    """A merging loss of three modalities, of which the first one varies."""
    return lambda x: ops.sum(
        loss(LABELS, ops.concatenate([x[:, None], ANSWERS[:, 1:]], axis=1), **options)
    )


def sinc(x):
    """Energies of a sound of changing loudness in the bands of SincNet."""
    layer = speech.SincConv(5, width=31, stride=8)
    return ops.sum(ops.square(layer(SOUND * ops.mean(x, axis=1, keepdims=True))))


def low_rank(x):
    layer = fusion.LowRankFusion(3, rank=2)
    layer.build([(6, 4), (6, 4)])
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.weights])
    return ops.sum(ops.square(layer([x, FIXED])))


LOSSES |= {
    "additive": merged(merging.additive),
    "multiplicative": merged(merging.multiplicative),
    "multiplicative, β = 0": merged(merging.multiplicative, beta=0.0),
    "mixtures": lambda x: ops.sum(
        ops.square(merging.mixtures(ops.stack([x, FIXED], axis=1), merging.subsets(2)))
    ),
    "low-rank fusion": low_rank,
    "SincNet": sinc,
    "statistics pooling": lambda x: ops.sum(ops.square(speech.StatisticsPooling()(x[None]))),
    "modality dropout": lambda x: ops.sum(fusion.ModalityDropout()([x, x], training=False)[0] ** 2),
}
START = [array.astype("float32") for array in (RNG.normal(size=(4, 3)), np.zeros(3))]


def measure(loss):
    """Value and gradient of a loss."""
    x = ops.convert_to_tensor(MOVED)
    value, slope = loss(x), input_gradient(loss, x)
    return [float(value), ops.convert_to_numpy(slope).tolist()]


def train(method):
    """Mean loss of three steps, and the weights that they lead to."""
    network = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    network.set_weights(START)
    model = method(network)
    jit = False if keras.backend.backend() == "tensorflow" else "auto"  # XLA takes long to start
    model.compile(keras.optimizers.SGD(0.5), jit_compile=jit)
    batch = {"labelled": MOVED, "views": (FIXED, FIXED[::-1].copy())}, LABELS
    history = model.fit(tf.data.Dataset.from_tensors(batch).repeat(3), verbose=0).history
    return [history["loss"][0], network.get_weights()[0].tolist()]


if __name__ == "__main__":
    found = {"losses": {name: measure(loss) for name, loss in LOSSES.items()}}
    found["trainings"] = {name: train(method) for name, method in METHODS.items()}
    print(json.dumps(found))
