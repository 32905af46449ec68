"""Losses that merge what several modalities say about a class.

Each modality i, or mixture of modalities, gives logits of its own; pᵢ is the probability that it
gives to the *correct* class. Liu, Li, Xu and Natarajan, "Learn to combine modalities in multimodal
deep learning", 2018, arXiv:1805.11730.
"""

from itertools import combinations

from keras import ops


def log_probabilities(labels, logits):
    """Logarithms of the probability of the correct class, and of all others together.

    Args:
        labels: Classes, `(rows,)` integer.
        logits: Logits of each modality, `(rows, modalities, classes)`.

    Returns:
        log pᵢ and log (1 − pᵢ), two tensors `(rows, modalities)`. The second one comes from the
        other classes' logits: 1 − pᵢ itself would be 0 where a modality is sure.
    """
    correct = ops.one_hot(ops.reshape(labels, (-1, 1)), logits.shape[-1], dtype="bool")
    total = ops.logsumexp(logits, axis=-1)
    right = ops.logsumexp(ops.where(correct, logits, -1e9), axis=-1)
    wrong = ops.logsumexp(ops.where(correct, -1e9, logits), axis=-1)
    return right - total, wrong - total


def additive(labels, logits, weights=None):
    """Each modality for itself: −Σᵢ qᵢ log pᵢ.

    Args:
        labels: Classes, `(rows,)` integer.
        logits: Logits of each modality, `(rows, modalities, classes)`.
        weights: qᵢ, `(modalities,)` or `(rows, modalities)`; 1 for all if None.

    Returns:
        A tensor, `(rows,)`.
    """
    error = -log_probabilities(labels, logits)[0]
    return ops.sum(error if weights is None else weights * error, axis=-1)


def silence(labels, logits, beta=0.5):
    """How much each modality has left to learn once the others know: [Π_{j≠i}(1 − pⱼ)]^β.

    Args:
        labels: Classes, `(rows,)` integer.
        logits: Logits of each modality, `(rows, modalities, classes)`.
        beta: β; at 0 nobody is silenced.

    Returns:
        Weights from 0 to 1, `(rows, modalities)`, which no gradient passes.
    """
    wrong = ops.stop_gradient(log_probabilities(labels, logits)[1])
    others = ops.sum(wrong, axis=-1, keepdims=True) - wrong
    return ops.exp(beta * others)


def multiplicative(labels, logits, beta=0.5):
    """Who is sure and right silences the others: −Σᵢ [Π_{j≠i}(1 − pⱼ)]^β log pᵢ.

    Args:
        labels: Classes, `(rows,)` integer.
        logits: Logits of each modality, `(rows, modalities, classes)`.
        beta: As for `silence`.

    Returns:
        A tensor, `(rows,)`.
    """
    return additive(labels, logits, silence(labels, logits, beta))


def subsets(modalities, largest=None):
    """All mixtures of a few modalities, from single ones to all of them.

    Args:
        modalities: Number of modalities. There are 2ⁿ − 1 mixtures of n.
        largest: Most modalities in a mixture; all if None.

    Returns:
        List of tuples of modality numbers, small mixtures first.
    """
    sizes = range(1, (largest or modalities) + 1)
    return [chosen for size in sizes for chosen in combinations(range(modalities), size)]


def mixtures(features, chosen):
    """Features of mixtures of modalities, u = Σ_{k ∈ M} v_k.

    Args:
        features: Features of each modality, `(rows, modalities, units)`.
        chosen: The mixtures M, such as `subsets` gives.

    Returns:
        A tensor, `(rows, mixtures, units)`.
    """
    members = [[float(k in mixture) for k in range(features.shape[1])] for mixture in chosen]
    return ops.einsum("rku,mk->rmu", features, ops.convert_to_tensor(members, features.dtype))
