"""Teachers that are a moving average of their student.

Tarvainen and Valpola, "Mean teachers are better role models", NeurIPS 2017.
"""

import keras
from keras import ops


def make(student):
    """Makes a teacher: a copy of the student's network that no gradient trains.

    Args:
        student: A built `keras.Model` made of layers (functional or sequential).

    Returns:
        A `keras.Model` with the same values in variables of its own.
    """
    copy = keras.models.clone_model(student)
    copy.trainable = False
    copy.set_weights(student.get_weights())
    return copy


def momentum(step, largest=0.999):
    """How much of the teacher stays at a step: min(1 − 1 / (step + 1), largest).

    At first it is the mean of all students so far, so that the start is soon forgotten.

    Args:
        step: Number of steps taken so far.
        largest: Momentum in the long run.

    Returns:
        A scalar tensor.
    """
    step = ops.cast(step, keras.config.floatx())
    return ops.minimum(1 - 1 / (step + 1), largest)


def follow(teacher, student, momentum):
    """Moves the teacher: θ' ← m θ' + (1 − m) θ, for all weights and *all moving statistics*.

    Batch normalisation's means and variances are no weights that an optimizer knows, so its
    `use_ema` leaves them out, and the teacher's weights would meet another network's statistics.
    Here they are averaged as the weights are, and the teacher answers in inference mode by them.

    Args:
        teacher: A `keras.Model`, as from `make`.
        student: The `keras.Model` that it is a teacher of.
        momentum: m, from 0 to 1.
    """
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * ops.cast(new, old.dtype))
