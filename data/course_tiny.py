"""Trains the backbone `course_tiny` on CIFAR-10 and stores its weights beside this file.

    COURSE_DATA=FOLDER python data/course_tiny.py

The recipe and what came of it are in `course_tiny.md`.
"""

import argparse
import time

import course_lib.quiet  # noqa: F401

import keras  # isort: skip
import tensorflow as tf
from keras import layers

from course_lib import datasets
from course_lib.transfer import backbones

BATCH, RATE = 128, 0.1


def train(pictures, epochs, seed):
    """Trains from random weights; returns the network with its classifier."""
    base = backbones.load("course_tiny", weights="random", seed=seed).model
    model = keras.Model(base.input, layers.Dense(10, name="scores")(base.output))
    augment = keras.Sequential(
        [
            layers.RandomFlip("horizontal", seed=seed),
            layers.RandomTranslation(
                1 / 8, 1 / 8, fill_mode="reflect", interpolation="nearest", seed=seed
            ),
        ]
    )
    batches = (
        tf.data.Dataset.from_tensor_slices((pictures.x, keras.ops.one_hot(pictures.y, 10)))
        .shuffle(len(pictures), seed=seed)
        .batch(BATCH, drop_remainder=True)
        .map(lambda x, y: (augment(x, training=True), y), num_parallel_calls=2)
        .prefetch(2)
    )
    steps = epochs * len(batches)
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 6, warmup_target=RATE, warmup_steps=steps // 6
    )
    model.compile(
        keras.optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=5e-4),
        keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.1),
        metrics=["accuracy"],
        jit_compile=False,  # faster on a CPU
    )
    model.fit(batches, epochs=epochs, shuffle=False, verbose=2)
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    cifar10 = datasets.load("cifar10", source="real")
    start = time.perf_counter()
    model = train(cifar10.train, options.epochs, options.seed)
    minutes = (time.perf_counter() - start) / 60
    without_optimizer = keras.Model(model.input, model.output)
    without_optimizer.save_weights(backbones.COURSE_TINY_WEIGHTS)
    classifier = backbones.load("course_tiny").classifier
    scores = classifier.predict(cifar10.test.x, batch_size=500, verbose=0)
    accuracy = (scores.argmax(axis=1) == cifar10.test.y).mean()
    print(f"accuracy on {len(cifar10.test)} test pictures: {accuracy:.4f}, {minutes:.0f} minutes")


if __name__ == "__main__":
    main()
