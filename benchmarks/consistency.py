"""What unlabelled pictures bring, and what a step of every method costs."""

import course_lib.quiet  # noqa: F401

import keras  # isort: skip
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.timing import seconds
from course_lib import datasets
from course_lib.consistency import augmentations, data
from course_lib.consistency.training import METHODS, UDA, Supervised
from course_lib.datasets import files

SEEDS = range(5)
STEPS = 50
# Passes through the network that each formula needs for a labelled row and an unlabelled one: a
# forward pass counts 1, a backward pass 2.
PASSES = {
    "supervised": 3,
    "UDA": 3 + 1 + 3,  # the clean view forward, the augmented one forward and back
    "Π-model": 3 + 3 + 3,
    "Mean Teacher": 3 + 3 + 1,  # the teacher forward
    "VAT": 3 + 1 + 3 + 1 + 3,  # the answer; its change and slope; the target; the adversary
    "Pseudo-Label": 3 + 3,
    "ICT": 3 + 1 + 3,
    "MixMatch": 1 + 2 + 3 * 3,  # the answer that is shown; two guesses; the mixture of all
}


def measure(course):
    rows = cost()
    real = [file for name in ("mnist", "cifar10") for file in files.files_of(name)]
    if all(files.find(file) for file in real):
        digits = datasets.load("mnist", "real")
        rows += gain("MNIST, 10 labels a class", digits, 10, 2000, False, "at most 0.5")
        pictures = datasets.load("cifar10", "real")
        rows += gain("CIFAR-10, 40 labels a class", pictures, 40, 2000, True, "below 1")
    return rows, []


def network(shape, width=16):
    """Four convolutions with batch normalisation, from pictures to logits."""
    pictures = keras.Input(shape)
    x = layers.Rescaling(1 / 127.5, offset=-1)(pictures)
    for factor in (1, 2, 4):
        x = layers.Conv2D(factor * width, 3, strides=2, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
    return keras.Model(pictures, layers.Dense(10)(layers.Flatten()(x)))


def cost():
    """Seconds of a step of each method over those of a supervised step, on the same rows."""
    rng = np.random.default_rng(0)
    x, *views = (rng.integers(256, size=(64, 32, 32, 3)).astype("float32") for _ in range(3))
    batch = tf.data.Dataset.from_tensors(
        ({"labelled": x, "views": tuple(views)}, rng.integers(10, size=64))
    )

    def step_time(method):
        model = method(network((32, 32, 3), width=32))
        model.compile("adam", jit_compile=False)
        model.fit(batch, verbose=0)
        return seconds(lambda: model.fit(batch.repeat(STEPS), verbose=0), 5)[2] / STEPS

    supervised = step_time(Supervised)
    rows = [("a supervised step, 64 pictures of 32 pixels", f"{1000 * supervised:.1f} ms", "")]
    for name, method in METHODS.items():
        ratio, passes = step_time(method) / supervised, PASSES[name] / PASSES["supervised"]
        rows.append(
            (
                f"a step of {name}, over a supervised one",
                f"{ratio:.2f} ×",
                f"at most {1.15 * passes:.2f} × (passes: {passes:.2f} ×, and 15 %)",
            )
        )
    return rows


def gain(what, pictures, labels, steps, flip, target):
    """Errors of UDA and of supervised training on the same labels, from the same weights."""
    x, test = (p.x.reshape(*p.x.shape[:3], -1) for p in (pictures.train, pictures.test))

    def train(method, seed):
        keras.utils.set_random_seed(seed)
        turn = layers.RandomRotation(0.08, fill_mode="constant", interpolation="nearest")
        augment = keras.Sequential([turn, augmentations.crop_and_flip(flip=flip)])
        model = method(network(x.shape[1:]))
        rate = keras.optimizers.schedules.CosineDecay(2e-3, steps)
        model.compile(keras.optimizers.Adam(rate), jit_compile=False)
        few = data.few_labels(pictures.train.y, labels, seed)
        views = (data.keep, augment)[: model.views]
        batches = data.batches(x[few], pictures.train.y[few], x, views, augment=augment, seed=seed)
        took = seconds(lambda: model.fit(batches, steps_per_epoch=steps, verbose=0), 1)[0]
        answers = model.predict(test, batch_size=500, verbose=0).argmax(axis=1)
        return 100 * np.mean(answers != pictures.test.y), took

    found = np.array([[train(method, seed) for method in (UDA, Supervised)] for seed in SEEDS])
    errors, took = found[..., 0], found[..., 1]
    ratios = errors[:, 0] / errors[:, 1]
    names = ("UDA", "supervised alone")
    rows = [
        (
            f"{what}, error of {name}",
            f"{e.mean():.1f} ± {e.std(ddof=1):.1f} %, {t.mean():.0f} s a training",
            "",
        )
        for name, e, t in zip(names, errors.T, took.T)
    ]
    spread = f"{ratios.mean():.2f} ± {ratios.std(ddof=1):.2f}, {ratios.max():.2f} at most"
    return [*rows, (f"{what}, error of UDA over that of supervised alone", spread, target)]
