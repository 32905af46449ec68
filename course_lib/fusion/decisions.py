"""Decision fusion: classifiers of single modalities, whose answers are combined.

Kittler, Hatef, Duin and Matas, "On combining classifiers", TPAMI 20, 1998.
"""

import numpy as np
from scipy.special import log_softmax, softmax
from sklearn.linear_model import LogisticRegression


def mean(probabilities, weights=None):
    """The mean of all answers.

    Args:
        probabilities: Answers of each modality, `(modalities, rows, classes)`.
        weights: One for each modality, `(modalities,)`, such as `accuracy_weights` gives; equal if
            None.

    Returns:
        Probabilities, `(rows, classes)`.
    """
    return np.average(probabilities, axis=0, weights=weights)


def product(probabilities):
    """The product of all answers, Σ log p, scaled to sum to 1.

    It is right for modalities that are independent given the class and whose answers are
    calibrated; one that is surely wrong has a veto.

    Args:
        probabilities: Answers of each modality, `(modalities, rows, classes)`.

    Returns:
        Probabilities, `(rows, classes)`.
    """
    probabilities = np.maximum(np.asarray(probabilities, "float64"), 1e-30)
    return softmax(np.sum(np.log(probabilities), axis=0), axis=-1)


def accuracy_weights(probabilities, labels):
    """Weights in proportion to how much better than chance each modality is.

    Args:
        probabilities: Answers of each modality to rows not trained with, `(modalities, rows,
            classes)`.
        labels: Their classes, `(rows,)`.

    Returns:
        Weights that sum to 1, `(modalities,)`; equal ones if no modality beats chance.
    """
    probabilities = np.asarray(probabilities)
    right = np.mean(probabilities.argmax(axis=-1) == labels, axis=-1)
    gain = np.maximum(right - 1 / probabilities.shape[-1], 0)
    return gain / gain.sum() if gain.any() else np.full(len(gain), 1 / len(gain))


def calibrate(logits, labels):
    """Temperature that makes answers as probable as they are right.

    Guo, Pleiss, Sun and Weinberger, "On calibration of modern neural networks", ICML 2017.

    Args:
        logits: Logits for rows not trained with, `(rows, classes)`.
        labels: Their classes, `(rows,)` integer.

    Returns:
        The temperature to divide logits by, of least cross entropy.
    """
    from scipy.optimize import minimize_scalar

    rows = np.arange(len(labels))

    def error(log_temperature):
        return -np.mean(log_softmax(logits / np.exp(log_temperature), axis=-1)[rows, labels])

    return float(np.exp(minimize_scalar(error, bounds=(-4, 4), method="bounded").x))


class Stacked:
    """A logistic regression on the logarithms of all answers.

    Wolpert, "Stacked generalization", Neural Networks 5, 1992.

    Args:
        regularization: As `C` of `sklearn.linear_model.LogisticRegression`.
    """

    def __init__(self, regularization=1.0):
        self.model = LogisticRegression(C=regularization, max_iter=1000)

    def fit(self, probabilities, labels):
        """Learns from answers to rows that the modalities were *not* trained with.

        Args:
            probabilities: `(modalities, rows, classes)`.
            labels: `(rows,)`.
        """
        self.model.fit(self._features(probabilities), labels)
        return self

    def predict_proba(self, probabilities):
        """Returns probabilities, `(rows, classes)`, for answers `(modalities, rows, classes)`."""
        return self.model.predict_proba(self._features(probabilities))

    @staticmethod
    def _features(probabilities):
        return np.hstack(np.log(np.maximum(np.asarray(probabilities, "float64"), 1e-6)))
