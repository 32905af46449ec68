"""Few labels and many rows without any, as batches for `training`."""

import numpy as np


def few_labels(y, number, seed=0):
    """Draws as many rows of every class, whose labels are kept.

    Args:
        y: Classes, `(rows,)` integer.
        number: Rows of each class. Fewer with the same seed are a part of more.
        seed: Seed of the draw.

    Returns:
        Row numbers, `(classes * number,)`, the classes in turns.

    Raises:
        ValueError: if a class has fewer rows.
    """
    y, rng = np.asarray(y), np.random.default_rng(seed)
    classes, counts = np.unique(y, return_counts=True)
    if counts.min() < number:
        raise ValueError(
            f"Class {classes[counts.argmin()]} has {counts.min()} rows, fewer than {number}."
        )
    drawn = [rng.permutation(np.flatnonzero(y == c))[:number] for c in classes]
    return np.stack(drawn, axis=1).ravel()


def keep(x):
    """The view that changes nothing."""
    return x


def batches(x, y, unlabelled, views, *, augment=keep, batch_size=32, ratio=4, seed=0):
    """Endless batches of labelled and unlabelled rows, for `fit(..., steps_per_epoch=...)`.

    Both kinds are shuffled, and begin again each when its rows are used up.

    Args:
        x: Labelled inputs, `(rows, ...)`.
        y: Their classes, `(rows,)`.
        unlabelled: Inputs without labels, `(other rows, ...)`.
        views: Functions or layers from a batch of inputs to a batch of inputs, one for each view
            of the same unlabelled rows, such as `(keep, augmentations.rand_augment())`.
        augment: The same for the labelled rows.
        batch_size: Labelled rows in a batch.
        ratio: Unlabelled rows for each labelled one.
        seed: Seed of the order of rows.

    Returns:
        A `tf.data.Dataset` of `({"labelled": x, "views": (u₁, …)}, y)`.
    """
    import tensorflow as tf

    def endless(arrays, size, seed):
        rows = tf.data.Dataset.from_tensor_slices(arrays)
        shuffled = rows.shuffle(len(rows), seed=seed).repeat()
        return shuffled.batch(size, drop_remainder=True)

    def join(labelled, others):
        rows, classes = labelled
        seen = tuple(view(others) for view in views)
        return {"labelled": augment(rows), "views": seen}, classes

    both = tf.data.Dataset.zip(
        endless((x, y), batch_size, seed), endless(unlabelled, ratio * batch_size, seed + 1)
    )
    return both.map(join, num_parallel_calls=2).prefetch(2)
