"""Losses on logits that ask for the same answer twice.

In each, one answer is the *target*, which no gradient passes (stop-gradient, sg), and the other one
learns. Logits have the shape `(rows, classes)`; all that is a loss is its mean over *all* rows of
the batch, those that a mask leaves out included.
"""

import keras
from keras import ops


def kl_divergence(target, logits):
    """Kullback–Leibler divergence from one answer to another, KL(p ‖ q) = Σ p log(p / q).

    It is the cross entropy −Σ p log q less the entropy of p. Where p is stopped, that entropy is a
    constant, and both have the same gradient: q − p with respect to the logits of q.

    Args:
        target: Logits of p, `(rows, classes)`.
        logits: Logits of q, `(rows, classes)`.

    Returns:
        A tensor, `(rows,)`, in nats.
    """
    log_p, log_q = ops.log_softmax(target, axis=-1), ops.log_softmax(logits, axis=-1)
    return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)


def entropy(logits):
    """Entropy of answers, −Σ p log p.

    Args:
        logits: Logits, `(rows, classes)`.

    Returns:
        A tensor, `(rows,)`, in nats.
    """
    log_p = ops.log_softmax(logits, axis=-1)
    return -ops.sum(ops.exp(log_p) * log_p, axis=-1)


def squared_difference(first, second):
    """Squared Euclidean distance of two answers, ‖p₁ − p₂‖².

    Args:
        first: Logits, `(rows, classes)`.
        second: Logits, `(rows, classes)`.

    Returns:
        A tensor, `(rows,)`, from 0 to 2.
    """
    difference = ops.softmax(first, axis=-1) - ops.softmax(second, axis=-1)
    return ops.sum(ops.square(difference), axis=-1)


def surest(logits):
    """Probability of the most probable class.

    Args:
        logits: Logits, `(rows, classes)`.

    Returns:
        A tensor, `(rows,)`.
    """
    return ops.max(ops.softmax(logits, axis=-1), axis=-1)


def uda(clean, augmented, temperature=0.4, threshold=0.8):
    """Unsupervised data augmentation: the answer to a clean view, for an augmented one.

    mean[ 1(max p > threshold) · KL(sg softmax(clean / temperature) ‖ q) ]

    Only the target is sharpened, and the mask looks at it before that. Xie, Dai, Hovy, Luong and
    Le, "Unsupervised data augmentation for consistency training", NeurIPS 2020.

    Args:
        clean: Logits of the clean views, `(rows, classes)`. No gradient passes them.
        augmented: Logits of the augmented views, `(rows, classes)`.
        temperature: Below 1 sharpens the target.
        threshold: How probable a class has to be for a row to count; below 0, all rows do.

    Returns:
        A scalar tensor.
    """
    clean = ops.stop_gradient(clean)
    divergence = kl_divergence(clean / temperature, augmented)
    return ops.mean(ops.where(surest(clean) > threshold, divergence, 0.0))


def guessed(target, logits, counted):
    """Cross entropy with the most probable class of the target, mean[w · CE(argmax sg p, q)].

    Args:
        target: Logits of p, `(rows, classes)`. No gradient passes them.
        logits: Logits of q, `(rows, classes)`.
        counted: Weight w of each row, `(rows,)`. No gradient passes it.

    Returns:
        A scalar tensor, the mean over all rows, also those that do not count.
    """
    error = keras.losses.sparse_categorical_crossentropy(
        ops.argmax(target, axis=-1), logits, from_logits=True
    )
    return ops.mean(ops.stop_gradient(counted) * error)


def fixmatch(weak, strong, threshold=0.95):
    """FixMatch: mean[ 1(max p > threshold) · CE(argmax sg p, q) ], `uda` at temperature 0.

    Sohn et al., "FixMatch: simplifying semi-supervised learning with consistency and confidence",
    NeurIPS 2020.

    Args:
        weak: Logits of p, of weakly augmented views, `(rows, classes)`. No gradient passes them.
        strong: Logits of q, of strongly augmented views, `(rows, classes)`.
        threshold: How probable a class has to be for a row to count; above 1, none does.

    Returns:
        A scalar tensor.
    """
    return guessed(weak, strong, ops.cast(surest(weak) > threshold, strong.dtype))


def pseudo_label(logits, threshold=0.95):
    """Cross entropy with the most probable class, where that is probable enough.

    Lee, "Pseudo-label: the simple and efficient semi-supervised learning method for deep neural
    networks", ICML workshops 2013; the threshold is that of later work.

    Args:
        logits: Logits, `(rows, classes)`.
        threshold: How probable a class has to be for a row to count; above 1, none does.

    Returns:
        A scalar tensor.
    """
    return fixmatch(logits, logits, threshold)


def sharpen(probabilities, temperature):
    """Makes answers surer: p^(1/T) / Σ p^(1/T).

    Args:
        probabilities: `(rows, classes)`.
        temperature: T; at 1 nothing changes, towards 0 the most probable class takes all.

    Returns:
        Probabilities, `(rows, classes)`.
    """
    return ops.softmax(ops.log(ops.maximum(probabilities, 1e-30)) / temperature, axis=-1)


def mix(x, partners, share):
    """Interpolates each row with another one: λ x_i + (1 − λ) x_j.

    Zhang, Cisse, Dauphin and Lopez-Paz, "mixup: beyond empirical risk minimization", ICLR 2018.

    Args:
        x: A tensor, `(rows, ...)`.
        partners: Number j of the partner of each row, `(rows,)` integer.
        share: λ of each row, `(rows,)`, from 0 to 1.

    Returns:
        A tensor of the shape of `x`.
    """
    share = ops.reshape(ops.cast(share, x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
    return share * x + (1 - share) * ops.take(x, partners, axis=0)


def annealed_threshold(progress, classes, schedule="linear"):
    """How probable the right class may be for a labelled row to count still.

    Training-signal annealing releases the few labels slowly: a row that is answered well enough is
    left out, and the bound rises from 1 / classes to 1. Xie et al., as for `uda`.

    Args:
        progress: Share of the training that is over, from 0 to 1.
        classes: Number of classes.
        schedule: `"log"`, `"linear"` or `"exp"`: early, even or late release.

    Returns:
        A scalar tensor.

    Raises:
        ValueError: for an unknown schedule.
    """
    schedules = {
        "log": lambda t: 1 - ops.exp(-5 * t),
        "linear": lambda t: t,
        "exp": lambda t: ops.exp(5 * (t - 1)),
    }
    if schedule not in schedules:
        raise ValueError(f"The schedule is one of {', '.join(schedules)}, but got {schedule!r}.")
    progress = ops.cast(progress, keras.config.floatx())
    return 1 / classes + schedules[schedule](progress) * (1 - 1 / classes)


def annealed(labels, logits, threshold, sample_weight=None):
    """Cross entropy of the labelled rows whose *right* class is less probable than a threshold.

    Args:
        labels: Classes, `(rows,)` integer.
        logits: Logits, `(rows, classes)`.
        threshold: As from `annealed_threshold`.
        sample_weight: Weights of the rows, `(rows,)`, or None.

    Returns:
        A scalar tensor: the mean over the rows that count, 0 if none does.
    """
    error = keras.losses.sparse_categorical_crossentropy(labels, logits, from_logits=True)
    counts = ops.cast(ops.exp(-ops.stop_gradient(error)) < threshold, error.dtype)
    if sample_weight is not None:
        counts = counts * ops.reshape(ops.cast(sample_weight, error.dtype), (-1,))
    total = ops.sum(counts)
    return ops.sum(counts * error) / ops.where(total > 0, total, 1.0)
