"""How sure is sure enough: thresholds and weights of rows whose labels are guessed.

`p` are probabilities `(rows, classes)` that no gradient passes. Averages are over all rows of a
batch, those that do not count included.
"""

from keras import ops


def above(p, threshold):
    """Rows whose most probable class is more probable than a threshold.

    Args:
        p: Probabilities, `(rows, classes)`.
        threshold: A number, or one for each class, `(classes,)`.

    Returns:
        A tensor of ones and zeros, `(rows,)`.
    """
    return ops.sum(guesses(p) * ops.cast(p > threshold, p.dtype), axis=-1)


def guesses(p):
    """The most probable classes, one-hot, `(rows, classes)`."""
    return ops.one_hot(ops.argmax(p, axis=-1), p.shape[-1], dtype=p.dtype)


def move(average, value, momentum):
    """Moves an average, a variable, towards a value: ← m · average + (1 − m) · value."""
    average.assign(momentum * average + (1 - momentum) * ops.stop_gradient(value))


def flexible(threshold, learned):
    """Thresholds of FlexMatch: τ β_c / (2 − β_c), with β_c = σ_c / max(max σ, 1 − Σ σ).

    Args:
        threshold: τ, of the class that is learned best.
        learned: σ, the share of all rows that are guessed surely to be of each class, `(classes,)`.
            While most rows are not, their share is what classes are compared with.

    Returns:
        A tensor, `(classes,)`, from 0 to τ.
    """
    progress = learned / ops.maximum(ops.max(learned), 1 - ops.sum(learned))
    return threshold * progress / (2 - progress)


def self_adaptive(confidence, shares):
    """Thresholds of FreeMatch: τ p̃_c / max p̃.

    Args:
        confidence: τ, the mean probability of the most probable class, a scalar.
        shares: p̃, the mean probability of each class, `(classes,)`.

    Returns:
        A tensor, `(classes,)`, from 0 to τ.
    """
    return confidence * shares / ops.max(shares)


def gaussian(surest, mean, variance):
    """Weights of SoftMatch: exp(−(max p − μ)² / 2σ²) below μ, and 1 from there on.

    Args:
        surest: Probabilities of the most probable classes, `(rows,)`.
        mean: μ, their mean, a scalar.
        variance: σ², their variance, a scalar; towards 0, the weights are FixMatch's.

    Returns:
        A tensor, `(rows,)`, from 0 to 1.
    """
    below = ops.minimum(surest - mean, 0.0)
    return ops.exp(-ops.square(below) / (2 * ops.maximum(variance, 1e-12)))


def aligned(p, shares):
    """Probabilities whose mean is even: p_c / p̃_c, scaled to sum 1.

    Args:
        p: Probabilities, `(rows, classes)`.
        shares: p̃, their mean, `(classes,)`.

    Returns:
        Probabilities, `(rows, classes)`.
    """
    even = p / ops.maximum(shares, 1e-6)
    return even / ops.sum(even, axis=-1, keepdims=True)


def fairness(shares, histogram, q, counted):
    """Self-adaptive fairness of FreeMatch: Σ a log b, a = norm(p̃ / h̃) and b = norm(p̄ / h̄).

    p̄ and h̄ are the mean answer and the histogram of classes of the rows that count, p̃ and h̃ the
    moving averages of all; norm scales to sum 1. The sign is that of the paper's equation 11 and of
    its authors' code: it is the *negative* cross entropy that is made small, which pushes b away
    from a. A negative weight pulls them together. Classes that no counted row is guessed to be of
    are left out.

    Args:
        shares: p̃, `(classes,)`.
        histogram: h̃, `(classes,)`.
        q: Probabilities for strong views, with gradients, `(rows, classes)`.
        counted: Which rows count, `(rows,)`.

    Returns:
        A scalar tensor, at most 0; 0 if no row counts.
    """
    number = ops.maximum(ops.sum(counted), 1.0)
    mean = ops.sum(counted[:, None] * q, axis=0) / number
    found = ops.sum(counted[:, None] * guesses(q), axis=0) / number
    expected = shares / ops.maximum(histogram, 1e-6)
    expected = expected / ops.sum(expected)
    ratio = ops.where(found > 0, mean / ops.maximum(found, 1e-6), 0.0)
    actual = ratio / ops.maximum(ops.sum(ratio), 1e-6)
    logarithm = ops.log(ops.where(found > 0, actual, 1.0))
    return ops.sum(ops.stop_gradient(expected) * logarithm)
