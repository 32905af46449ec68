"""Guesses taken for labels where they are sure enough: Pseudo-Label, FixMatch and what came of it.

Each guess is the most probable class of one view; it is learned from the same view by Pseudo-Label
and from a strongly augmented one by the others, which differ in how much a row counts. Averages
over batches are weights of the model that nothing trains.
"""

import keras
from keras import ops

from course_lib.consistency import confidence, losses
from course_lib.consistency.methods.supervised import Supervised


@keras.saving.register_keras_serializable("course_lib")
class PseudoLabel(Supervised):
    """`losses.pseudo_label` on one view.

    Args:
        network: As for `Supervised`.
        threshold: As for `losses.pseudo_label`.
        **options: As for `Supervised`.
    """

    views = 1

    def __init__(self, network, *, threshold=0.95, **options):
        super().__init__(network, **options)
        self.threshold = threshold

    def unlabelled_loss(self, view):
        return losses.pseudo_label(self.answers(view), self.threshold)


@keras.saving.register_keras_serializable("course_lib")
class FixMatch(Supervised):
    """FixMatch: 1(max p > τ) · CE(argmax sg p, q), p on a weak view and q on a strong one.

    Sohn et al., "FixMatch: simplifying semi-supervised learning with consistency and confidence",
    NeurIPS 2020.

    Args:
        network: As for `Supervised`.
        threshold: τ, how probable a class has to be; above 1, no row counts.
        **options: As for `Supervised`.
    """

    views = 2

    def __init__(self, network, *, threshold=0.95, **options):
        super().__init__(network, **options)
        self.threshold = threshold

    def counted(self, p):
        """How much each row counts.

        Args:
            p: Probabilities for the weak views, stopped, `(rows, classes)`.

        Returns:
            A tensor, `(rows,)`, from 0 to 1.
        """
        return confidence.above(p, self.threshold)

    def unlabelled_loss(self, weak, strong):
        weak, strong = ops.stop_gradient(self.answers(weak)), self.answers(strong)
        return self.loss_of_guesses(weak, strong, self.counted(ops.softmax(weak, axis=-1)))

    def loss_of_guesses(self, weak, strong, counted):
        """Cross entropy of strong views with guesses.

        Args:
            weak: Logits of the weak views, stopped, `(rows, classes)`.
            strong: Logits of the strong views, `(rows, classes)`.
            counted: As `counted` returns it.

        Returns:
            A scalar tensor.
        """
        return losses.guessed(weak, strong, counted)


@keras.saving.register_keras_serializable("course_lib")
class FlexMatch(FixMatch):
    """FlexMatch: FixMatch with a lower threshold for each class that is learned less.

    Zhang et al., "FlexMatch: boosting semi-supervised learning with curriculum pseudo labeling",
    NeurIPS 2021. There, the last guess for each unlabelled row counts; here, a moving average of
    the batches' shares stands for that count, so that rows need no numbers.

    Args:
        network: As for `Supervised`.
        threshold: τ of the classes that are learned best.
        momentum: How much of the average stays at a step.
        **options: As for `Supervised`.
    """

    def __init__(self, network, *, threshold=0.95, momentum=0.99, **options):
        super().__init__(network, threshold=threshold, **options)
        self.momentum = momentum
        self.learned = self.add_weight(
            (self.classes,), "zeros", name="learned", trainable=False
        )  # σ, the share of all rows that are guessed surely to be of each class

    def counted(self, p):
        counted = confidence.above(p, confidence.flexible(self.threshold, self.learned))
        sure = confidence.above(p, self.threshold)[:, None] * confidence.guesses(p)
        confidence.move(self.learned, ops.mean(sure, axis=0), self.momentum)
        return counted


@keras.saving.register_keras_serializable("course_lib")
class FreeMatch(FixMatch):
    """FreeMatch: thresholds that are moving averages of confidence, and a term of fairness.

    Wang et al., "FreeMatch: self-adaptive thresholding for semi-supervised learning", ICLR 2023.

    Args:
        network: As for `Supervised`.
        momentum: How much of the averages stays at a step.
        fairness: Weight of `confidence.fairness`, beside that of the guesses.
        **options: As for `Supervised`.
    """

    def __init__(self, network, *, momentum=0.999, fairness=0.01, **options):
        super().__init__(network, **options)
        self.momentum, self.fairness = momentum, fairness
        even = keras.initializers.Constant(1 / self.classes)
        self.confidence = self.add_weight((), even, name="confidence", trainable=False)  # τ
        self.shares = self.add_weight((self.classes,), even, name="shares", trainable=False)  # p̃
        self.histogram = self.add_weight(
            (self.classes,), even, name="histogram", trainable=False
        )  # h̃

    def counted(self, p):
        confidence.move(self.confidence, ops.mean(ops.max(p, axis=-1)), self.momentum)
        confidence.move(self.shares, ops.mean(p, axis=0), self.momentum)
        confidence.move(self.histogram, ops.mean(confidence.guesses(p), axis=0), self.momentum)
        return confidence.above(p, confidence.self_adaptive(self.confidence, self.shares))

    def loss_of_guesses(self, weak, strong, counted):
        loss = super().loss_of_guesses(weak, strong, counted)
        if not self.fairness:
            return loss
        q = ops.softmax(strong, axis=-1)
        fair = confidence.fairness(self.shares, self.histogram, q, counted)
        return loss + self.fairness * fair


@keras.saving.register_keras_serializable("course_lib")
class SoftMatch(FixMatch):
    """SoftMatch: all rows count, those below the mean confidence by a Gaussian of their distance.

    Chen et al., "SoftMatch: addressing the quantity-quality trade-off in semi-supervised learning",
    ICLR 2023.

    Args:
        network: As for `Supervised`.
        momentum: How much of the averages stays at a step.
        alignment: Whether confidence is that of `confidence.aligned` probabilities; guesses are
            those of the probabilities as they are.
        **options: As for `Supervised`.
    """

    def __init__(self, network, *, momentum=0.999, alignment=False, **options):
        super().__init__(network, **options)
        self.momentum, self.alignment = momentum, alignment
        even = keras.initializers.Constant(1 / self.classes)
        self.mean = self.add_weight((), even, name="mean", trainable=False)  # μ
        self.variance = self.add_weight((), "ones", name="variance", trainable=False)  # σ²
        self.shares = self.add_weight((self.classes,), even, name="shares", trainable=False)

    def counted(self, p):
        if self.alignment:
            confidence.move(self.shares, ops.mean(p, axis=0), self.momentum)
            p = confidence.aligned(p, self.shares)
        surest = ops.max(p, axis=-1)
        confidence.move(self.mean, ops.mean(surest), self.momentum)
        confidence.move(self.variance, ops.var(surest), self.momentum)
        return confidence.gaussian(surest, self.mean, self.variance)
