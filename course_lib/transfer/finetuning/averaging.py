"""WiSE-FT: the mean of a model's weights before and after fine-tuning.

Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022.
"""

import keras
import numpy as np
from keras import ops

from course_lib.transfer.freezing import all_layers


def interpolate(start, end, a, x=None):
    """A model with the weights θ(a) = (1 − a) θ⁰ + a θ¹.

    Moving statistics of batch normalisation are those of activations, and the variances of an
    averaged network are not the averages of two variances. So where the two models' differ, they
    are computed anew from inputs, unless a is 0 or 1; where fine-tuning left them frozen, they stay
    as they are.

    Args:
        start: The model before fine-tuning, a functional or sequential `keras.Model` with a head
            that knows the classes, such as a linear probe.
        end: The model after fine-tuning, of the same architecture.
        a: Share of θ¹, from 0 to 1.
        x: Training inputs, `(rows, ...)`, for moving statistics.

    Returns:
        A new `keras.Model`, a copy of `end` with other weights.

    Raises:
        ValueError: if a is not from 0 to 1, if weights differ in their shapes, as those of heads
            for other classes do, or if moving statistics differ and there are no inputs.
    """
    if not 0 <= a <= 1:
        raise ValueError(f"a is the share of the fine-tuned weights, from 0 to 1, but got {a!r}.")
    shapes = [[(w.path.split("/", 1)[-1], w.shape) for w in m.weights] for m in (start, end)]
    if shapes[0] != shapes[1]:
        differ = [pair for pair in zip(*shapes) if pair[0] != pair[1]]
        raise ValueError(
            f"Both models need the same weights, but have {len(shapes[0])} and {len(shapes[1])}, "
            f"of which {differ[:1]} differ. Heads for other classes cannot be averaged: start from "
            "a model with a head for the new ones, such as a linear probe."
        )
    middle = keras.models.clone_model(end)
    pairs = zip(start.get_weights(), end.get_weights())
    middle.set_weights(  # what has not moved stays to the bit, such as counts
        [w1 if np.array_equal(w0, w1) else (1 - a) * w0 + a * w1 for w0, w1 in pairs]
    )
    if a in (0, 1) or not (moved := _moved_statistics(start, end)):
        return middle
    if x is None:
        raise ValueError(
            f"Fine-tuning has moved the statistics of {moved}, and their averages do not fit the "
            "averaged network: give training inputs `x` to compute them anew, or fine-tune with "
            "batch normalisation frozen (`freezing.freeze`)."
        )
    return recompute_statistics(middle, x)


def _moved_statistics(start, end):
    """Names of the batch normalisation layers whose moving statistics differ in two models."""
    return [
        after.name
        for before, after in zip(all_layers(start), all_layers(end))
        if isinstance(after, keras.layers.BatchNormalization)
        and not np.array_equal(before.get_weights()[-2:], after.get_weights()[-2:])
    ]


def recompute_statistics(model, x):
    """Sets the moving statistics of batch normalisation to those of inputs, layer by layer.

    Args:
        model: A functional or sequential `keras.Model`, which is changed.
        x: Inputs, `(rows, ...)`, all in one batch: a few hundred are enough.

    Returns:
        The model itself. Each of its batch normalisations now has, as in inference, the mean and
        the variance over `x` of what reaches it.

    Raises:
        ValueError: if batch normalisation is part of a model inside of this one.
    """
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.BatchNormalization):
            if layer not in model.layers:
                raise ValueError(
                    f"{layer.name!r} is part of a model inside of {model.name!r}, where what "
                    "reaches it cannot be seen: build one flat model, as `bottleneck.split` does, "
                    "or fine-tune with batch normalisation frozen (`freezing.freeze`)."
                )
            reached = keras.Model(model.input, layer.input)(x, training=False)
            axes = [axis for axis in range(reached.ndim) if axis != layer.axis % reached.ndim]
            layer.moving_mean.assign(ops.mean(reached, axis=axes))
            layer.moving_variance.assign(ops.var(reached, axis=axes))
    return model
