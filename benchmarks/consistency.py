"""What unlabelled pictures bring, and what a step of every method costs."""

import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from unittest import mock

import course_lib.quiet  # noqa: F401

import keras  # isort: skip
import numpy as np
import tensorflow as tf
from keras import layers

from benchmarks.timing import seconds
from course_lib import datasets
from course_lib.consistency import augmentations, data
from course_lib.consistency.methods import METHODS, UDA, Supervised
from course_lib.datasets import files

SEEDS = range(5)
ROUNDS, STEPS = 7, 40
# Passes through the network that each formula needs for a labelled row and an unlabelled one: a
# forward pass counts 1, a backward pass 2.
PASSES = {
    "supervised": 3,
    "UDA": 3 + 1 + 3,  # the clean view forward, the augmented one forward and back
    "Π-model": 3 + 3 + 3,
    "Mean Teacher": 3 + 1 + 3,  # the teacher forward, the student forward and back
    "VAT": 3 + 1 + 3 + 3,  # the answer forward; the change, then the adversary, forward and back
    "Pseudo-Label": 3 + 3,
    "ICT": 3 + 1 + 3,
    "MixMatch": 2 + 3 * 3,  # two guesses forward; the mixture of all three forward and back
    # The weak view forward, the strong one forward and back.
    **dict.fromkeys(("FixMatch", "FlexMatch", "FreeMatch", "SoftMatch"), 3 + 1 + 3),
}


def measure(course):
    rows = cost()
    real = [file for name in ("mnist", "cifar10") for file in files.files_of(name)]
    if all(files.find(file) for file in real):
        rows += [*digits(), *photographs()]
    return rows, []


def digits():
    shifted = augmentations.crop_and_flip(flip=False)
    return gain(
        datasets.load("mnist", "real"),
        "MNIST, 10 labels a class",
        "at most 0.5",
        shifted=shifted,
        clean=data.keep,
        strong=keras.Sequential([layers.RandomRotation(0.08, fill_mode="constant"), shifted]),
        strong_alone=True,
        labels=10,
        weight=5.0,
        threshold=0.97,
        steps=2000,
    )


def photographs():
    shifted = augmentations.crop_and_flip()
    drawn = layers.RandAugment(value_range=augmentations.PIXELS, num_ops=2, factor=0.2)
    return gain(
        datasets.load("cifar10", "real"),
        "CIFAR-10, 40 labels a class",
        "below 1 by more than its spread",
        shifted=shifted,
        clean=shifted,
        strong=keras.Sequential([drawn, shifted, augmentations.cutout(0.1)]),
        labels=40,
        weight=1.0,
        threshold=0.8,
        steps=1500,
        dropout=0.5,
    )


def network(shape, factor=1, dropout=None):
    """Convolutions with batch normalisation, from pictures to logits.

    The last feature maps are averaged over places, or, with dropout, taken as they are.
    """

    def convolve(x, filters, width, stride=1):
        x = layers.Conv2D(factor * filters, width, stride, padding="same", use_bias=False)(x)
        return layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))

    pictures = keras.Input(shape)
    x = convolve(layers.Rescaling(1 / 127.5, offset=-1)(pictures), 16, 5, stride=2)
    x = convolve(layers.MaxPooling2D()(convolve(x, 32, 3)), 64, 3)
    if dropout:
        x = layers.Dropout(dropout)(layers.Flatten()(layers.MaxPooling2D()(x)))
    else:
        x = layers.GlobalAveragePooling2D()(convolve(x, 64, 1))
    return keras.Model(pictures, layers.Dense(10)(x))


def cost():
    """Time of a step of each method over that of a supervised step, on the same rows.

    One thread: with more, passes that do not wait for each other overlap, and methods seem cheap.
    """
    one = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    with mock.patch.dict(os.environ, one), ProcessPoolExecutor(1, get_context("spawn")) as alone:
        times = alone.submit(step_times).result()
    supervised = times["supervised"]
    rows = [
        (
            "a supervised step, 64 pictures of 32 pixels, one thread",
            f"{1000 * np.median(supervised):.1f} ms",
            "",
        )
    ]
    for name in METHODS:
        ratios, passes = times[name] / supervised, PASSES[name] / PASSES["supervised"]
        rows.append(
            (
                f"a step of {name} over a supervised one",
                f"{np.median(ratios):.2f} × ({ratios.min():.2f} to {ratios.max():.2f})",
                f"at most {1.15 * passes:.2f} × (passes: {passes:.2f} ×, and 15 %)",
            )
        )
    return rows


def step_times():
    """Median seconds of a step in each round, by method; all methods take their turn in a round."""
    rng = np.random.default_rng(0)
    x, *views = (rng.integers(256, size=(64, 32, 32, 3)).astype("float32") for _ in range(3))
    held = tf.data.Dataset.from_tensors(
        ({"labelled": x, "views": tuple(views)}, rng.integers(10, size=64))
    ).repeat()

    models, times = {}, {}
    for name, method in {"supervised": Supervised, **METHODS}.items():
        models[name], times[name] = method(network((32, 32, 3), factor=2)), []
        models[name].compile("adam", jit_compile=False)
        models[name].fit(held, steps_per_epoch=2, verbose=0, shuffle=False)
    for _ in range(ROUNDS):
        for name, model in models.items():
            ends = []
            clock = keras.callbacks.LambdaCallback(
                on_train_batch_end=lambda batch, logs, ends=ends: ends.append(time.perf_counter())
            )
            model.fit(held, steps_per_epoch=STEPS, callbacks=[clock], verbose=0, shuffle=False)
            times[name].append(np.median(np.diff(ends)))
    return {name: np.array(values) for name, values in times.items()}


def gain(
    pictures,
    what,
    target,
    *,
    shifted,
    clean,
    strong,
    strong_alone=False,
    labels,
    weight,
    threshold,
    steps,
    dropout=None,
):
    """Errors of UDA and of supervised training on the same labels, from the same weights.

    As in the paper, labelled rows are shifted and not augmented strongly; with `strong_alone`, a
    second supervised training augments them as strongly as UDA does the others.
    """
    x, test = (part.x.reshape(*part.x.shape[:3], -1) for part in (pictures.train, pictures.test))
    y = pictures.train.y

    def train(model, augment, seed):
        falling = keras.optimizers.schedules.CosineDecay(2e-3, steps)
        model.compile(keras.optimizers.Adam(falling), jit_compile=False, metrics=[])
        few = data.few_labels(y, labels, seed)
        views = (clean, strong)[: model.views]
        batches = data.batches(x[few], y[few], x, views, augment=augment, seed=seed)
        took = seconds(lambda: model.fit(batches, steps_per_epoch=steps, verbose=0), 1)[0]
        answers = model.predict(test, batch_size=500, verbose=0).argmax(axis=1)
        return 100 * np.mean(answers != pictures.test.y), took

    found = {"UDA": [], "supervised alone": []}
    if strong_alone:
        found["supervised alone, strongly augmented"] = []
    for seed in SEEDS:
        for name, runs in found.items():
            keras.utils.set_random_seed(seed)
            body = network(x.shape[1:], dropout=dropout)
            options = {"weight": weight, "temperature": 0.4, "threshold": threshold}
            model = UDA(body, **options) if name == "UDA" else Supervised(body)
            runs.append(train(model, strong if "strongly" in name else shifted, seed))

    rows = []
    for name, runs in found.items():
        errors, times = np.transpose(runs)
        value = f"{errors.mean():.1f} ± {errors.std(ddof=1):.1f} %, {np.median(times):.0f} s each"
        rows.append((f"{what}, error of {name}", value, ""))
    errors = {name: np.array(runs)[:, 0] for name, runs in found.items()}
    for name in list(found)[1:]:
        ratios = errors["UDA"] / errors[name]
        value = f"{ratios.mean():.2f} ± {ratios.std(ddof=1):.2f}, at most {ratios.max():.2f}"
        goal = target if name == "supervised alone" else ""
        rows.append((f"{what}, UDA's error over that of {name}", value, goal))
    return rows
