"""Losses that merge what several modalities say about a class.

Each modality i, or mixture of modalities, gives logits of its own; pᵢ is the probability that it
gives to the *correct* class. Liu, Li, Xu and Natarajan, "Learn to combine modalities in multimodal
deep learning", 2018, arXiv:1805.11730.
"""

from itertools import combinations

import keras
import numpy as np
from keras import ops


def log_probabilities(labels, logits):
    """Logarithms of the probability of the correct class, and of all others together.

    Args:
        labels: Classes, `(rows,)` integer.
        logits: Logits of each modality, `(rows, modalities, classes)`.

    Returns:
        log pᵢ and log (1 − pᵢ), two tensors `(rows, modalities)`. The second one comes from the
        other classes' logits: 1 − pᵢ itself would be 0 where a modality is sure. They are at
        least float32: in half precision, differences of large logits are lost.
    """
    logits = ops.convert_to_tensor(logits)
    logits = ops.cast(logits, keras.backend.result_type(logits.dtype, "float32"))
    correct = ops.one_hot(ops.reshape(labels, (-1, 1)), logits.shape[-1], dtype="bool")
    total = ops.logsumexp(logits, axis=-1)
    right = ops.logsumexp(ops.where(correct, logits, -1e9), axis=-1)
    wrong = ops.logsumexp(ops.where(correct, -1e9, logits), axis=-1)
    return right - total, wrong - total


@keras.saving.register_keras_serializable("course_lib")
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


@keras.saving.register_keras_serializable("course_lib")
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


def blending_weights(train, validation):
    """Weights of answers by how much they learn and how little they memorise: w_k ∝ G_k / O_k².

    G_k is what answer k gained on validation rows over some epochs, O_k by how much its gap between
    validation and training rows grew meanwhile. The weights minimise the expected squared
    overfitting-to-generalisation ratio (Σ w_k O_k / Σ w_k G_k)² where the answers overfit
    independently of each other. `additive` takes them. Wang, Tran and Feiszli, "What makes training
    multi-modal classification networks hard?", CVPR 2020.

    Args:
        train: Mean losses of the answers on training rows, before and after, `(2, answers)`.
        validation: The same on rows that were not trained with.

    Returns:
        Weights that sum to 1, `(answers,)`; 0 for an answer that has gained nothing.

    Raises:
        ValueError: if no answer has gained anything on validation rows.
    """
    train, validation = np.asarray(train, "float64"), np.asarray(validation, "float64")
    gains = np.maximum(validation[0] - validation[1], 0)
    if not gains.any():
        raise ValueError(
            "One answer at least should have a smaller validation loss after than before, but "
            f"before they were {validation[0]} and after {validation[1]}. Train for fewer epochs."
        )
    overfitting = (validation[1] - train[1]) - (validation[0] - train[0])
    weights = gains / np.maximum(overfitting**2, 1e-12)
    return weights / weights.sum()
