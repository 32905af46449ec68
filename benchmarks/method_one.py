"""Method One on School against a Python loop over 139 models and 139 optimizers."""

from statistics import median

import course_lib.quiet  # noqa: F401

import keras  # isort: skip
import numpy as np
import tensorflow as tf
from keras import ops

from benchmarks.timing import seconds, spread
from course_lib import datasets
from course_lib.multitask import sharing, training

HIDDEN = 64


def measure(course):
    school = datasets.load("school")
    tasks, features = school.tasks, school.x.shape[1]
    x = (school.x - school.x.mean(axis=0)) / np.maximum(school.x.std(axis=0), 1e-6)
    x[:, -1] = 1
    y = (school.y - school.y.mean()) / school.y.std()

    stacked = sharing.shared_trunk(tasks, features, [HIDDEN])
    models = _models_of_the_loop(stacked, tasks, features)
    rows = [np.flatnonzero(school.task == t) for t in range(tasks)]

    def task_gradients(model, own):
        with tf.GradientTape() as tape:
            loss = ops.mean((y[own] - model(x[own])[:, 0]) ** 2)
        return tape.gradient(loss, model.trainable_variables)

    difference = _largest_difference(stacked, models, task_gradients, rows, x, y, school.task)

    optimizers = [keras.optimizers.Adam() for _ in models]
    for model, optimizer in zip(models, optimizers):
        optimizer.build(model.trainable_variables)

    def loop_epoch():
        for model, optimizer, own in zip(models, optimizers, rows):
            optimizer.apply(task_gradients(model, own), model.trainable_variables)

    steps = 50
    method_one = training.MethodOne(stacked.inputs, stacked.outputs, tasks)
    method_one.compile("adam", "mse")
    data = tf.data.Dataset.from_tensors(((x, school.task), y)).repeat()

    def method_one_epochs():
        method_one.fit(data, steps_per_epoch=steps, shuffle=False, verbose=0)

    loop_epoch()
    method_one_epochs()
    loop = seconds(loop_epoch, 5)
    one = [time / steps for time in seconds(method_one_epochs, 5)]
    return [
        (
            "School, an epoch of 139 models and 139 optimizers in a Python loop",
            spread(loop),
            "about 6 s",
        ),
        ("School, an epoch of Method One, one step", spread(one, "ms", 1000), ""),
        ("ratio of the two", f"{median(loop) / median(one):.0f} ×", "at least 100 ×"),
        (
            "largest difference of the accumulated gradients, relative to the largest entry",
            f"{difference:.1e}",
            "rounding",
        ),
    ], []


def _models_of_the_loop(stacked, tasks, features):
    """139 models with one trunk in common and a head each, with the stacked model's weights."""
    trunk_kernel, trunk_bias, kernels, biases = stacked.get_weights()
    x = keras.Input((features,))
    trunk = keras.layers.Dense(HIDDEN, "relu")
    h = trunk(x)
    trunk.set_weights([trunk_kernel, trunk_bias])
    models = []
    for t in range(tasks):
        head = keras.layers.Dense(1)
        models.append(keras.Model(x, head(h)))
        head.set_weights([kernels[t], biases[t]])
    return models


def _largest_difference(stacked, models, task_gradients, rows, x, y, task):
    """Compares the loop's gradients, added up at the same weights, with Method One's."""
    trunk = [0.0, 0.0]
    heads = []
    for model, own in zip(models, rows):
        *of_trunk, kernel, bias = task_gradients(model, own)
        trunk = [total + ops.convert_to_numpy(new) for total, new in zip(trunk, of_trunk)]
        heads.append([ops.convert_to_numpy(kernel), ops.convert_to_numpy(bias)])
    expected = [*trunk, *(np.stack(parts) for parts in zip(*heads))]

    before = stacked.get_weights()
    method_one = training.MethodOne(stacked.inputs, stacked.outputs, len(models))
    method_one.compile(keras.optimizers.SGD(1.0), "mse")
    method_one.fit([x, task], y, batch_size=len(y), verbose=0)
    used = [old - new for old, new in zip(before, stacked.get_weights())]
    stacked.set_weights(before)
    return max(np.abs(a - b).max() / np.abs(a).max() for a, b in zip(expected, used))
