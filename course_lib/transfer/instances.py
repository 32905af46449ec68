"""Instance transfer: source rows that fit the target help, those that mislead lose their weight."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import has_fit_parameter


class TrAdaBoost(ClassifierMixin, BaseEstimator):
    """Boosting that turns around for source rows.

    Dai, Yang, Xue and Yu, "Boosting for transfer learning", ICML 2007. In every round a classifier
    is trained on source and target rows together, p = w / Σw. With e = 1 where it errs, else 0,

        source   w ← w β^e         β = 1 / (1 + √(2 ln n / N)), for n source rows and N rounds
        target   w ← w β_t^−e      β_t = ε_t / (1 − ε_t), for the weighted error ε_t on target rows

    so that target rows that are hard gain weight, as in AdaBoost, and source rows that contradict
    lose it. β is at most 1: no source weight ever grows. The classifiers of the second half of the
    rounds vote, each with ln(1/β_t); for two classes that is the paper's product.

    ε_t counts as at least half a target row, for an error of 0 would have infinitely many votes,
    and as at most 1/2, where a classifier has none. With more than two classes, too, a classifier
    has to be right more often than not.

    Args:
        estimator: A scikit-learn classifier that takes `sample_weight`. Weights have mean 1.
        rounds: Number of rounds N.

    Attributes:
        classes_: Classes, sorted.
        estimators_: The classifiers of all rounds.
        errors_: ε_t, `(rounds,)`.
        weights_: Weights of all rows before each round and after the last, not normalised,
            `(rounds + 1, rows)`.

    Example:
        >>> from sklearn.tree import DecisionTreeClassifier
        >>> x = np.array([[0.0], [1.0], [2.0], [3.0], [0.0], [1.0], [2.0], [0.0]])
        >>> y = np.array([0, 0, 1, 1, 0, 0, 1, 1])  # the last row contradicts the first
        >>> source = np.arange(8) >= 4
        >>> boost = TrAdaBoost(DecisionTreeClassifier(max_depth=1), rounds=4).fit(x, y, source)
        >>> boost.predict([[0.5], [2.5]])
        array([0, 1])
        >>> boost.weights_[-1].round(2)
        array([1.  , 1.  , 1.  , 1.  , 1.  , 1.  , 1.  , 0.09])
    """

    def __init__(self, estimator, rounds=20):
        self.estimator = estimator
        self.rounds = rounds

    def fit(self, x, y, source):
        """Trains on rows of both domains.

        Args:
            x: Features, `(rows, features)`, dense or sparse.
            y: Classes, `(rows,)`. Both domains have the same classes.
            source: Whether a row comes from the source, `(rows,)` bool.

        Returns:
            The fitted classifier itself.

        Raises:
            ValueError: if the estimator takes no `sample_weight`, if there are no target rows, or
                if no classifier that votes is better than chance on them.
        """
        y, source = np.asarray(y), np.asarray(source, bool)
        if not has_fit_parameter(self.estimator, "sample_weight"):
            raise ValueError(
                "TrAdaBoost needs a classifier whose `fit` takes `sample_weight`, but got "
                f"{self.estimator!r}."
            )
        if source.all():
            raise ValueError("TrAdaBoost needs labelled target rows, but all rows are source rows.")
        beta = 1 / (1 + np.sqrt(2 * np.log(max(source.sum(), 1)) / self.rounds))
        weights = np.ones(len(y))
        self.classes_ = np.unique(y)
        self.estimators_, self.errors_, self.weights_ = [], [], [weights]
        for _ in range(self.rounds):
            classifier = clone(self.estimator).fit(x, y, sample_weight=weights / weights.mean())
            wrong = (classifier.predict(x) != y).astype(float)
            error = np.average(wrong[~source], weights=weights[~source])
            error = np.clip(error, 0.5 / np.sum(~source), 0.5)
            weights = weights * np.where(source, beta**wrong, (error / (1 - error)) ** -wrong)
            self.estimators_.append(classifier)
            self.errors_.append(error)
            self.weights_.append(weights)
        self.errors_, self.weights_ = np.array(self.errors_), np.array(self.weights_)
        if not self._votes().any():
            raise ValueError(
                "No classifier of the second half of the rounds is better than chance on the "
                f"target rows: errors {self.errors_}. The source may be unrelated; try a stronger "
                "classifier, or the target rows alone."
            )
        return self

    def _votes(self):
        """ln(1/β_t) in the rounds ⌈N/2⌉ to N, 0 before."""
        votes = np.log((1 - self.errors_) / self.errors_)
        votes[: (self.rounds + 1) // 2 - 1] = 0
        return votes

    def predict(self, x):
        """Predicts the class of each row of `x`, `(rows, features)`; returns `(rows,)`."""
        ballots = sum(
            vote * (classifier.predict(x)[:, None] == self.classes_)
            for vote, classifier in zip(self._votes(), self.estimators_)
        )
        return self.classes_[np.argmax(ballots, axis=1)]
