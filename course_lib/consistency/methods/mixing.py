"""Rows mixed with other rows: interpolation consistency training and MixMatch."""

import keras
import numpy as np
from keras import ops
from scipy import stats

from course_lib.consistency import losses
from course_lib.consistency.methods.supervised import Supervised
from course_lib.consistency.methods.teachers import Taught

VALUES = 4096


def beta_quantiles(alpha):
    """Equally probable values of Beta(α, α), `(VALUES,)`.

    One of them drawn at random is a draw from Beta(α, α) that XLA can compile, too, which has no
    gamma draws.
    """
    probabilities = (np.arange(VALUES) + 0.5) / VALUES
    return stats.beta.ppf(probabilities, alpha, alpha).astype("float32")


def draw_partners(rows, quantiles, seed):
    """A partner for each row, `(rows,)` integer, and a share, `(rows,)`, one of the quantiles."""
    order = keras.random.shuffle(ops.arange(rows), seed=seed)
    return order, ops.take(quantiles, keras.random.randint((rows,), 0, VALUES, seed=seed))


@keras.saving.register_keras_serializable("course_lib")
class ICT(Taught):
    """Interpolation consistency training: f(mix(u₁, u₂)) ≈ mix(f'(u₁), f'(u₂)).

    f' is the teacher, and u₂ the same batch in another order. Verma, Lamb, Kannala, Bengio and
    Lopez-Paz, "Interpolation consistency training for semi-supervised learning", IJCAI 2019.

    Args:
        network: As for `Supervised`, the student.
        alpha: Shares are drawn from Beta(α, α), one for each row.
        **options: As for `MeanTeacher`.
    """

    views = 1

    def __init__(self, network, *, alpha=1.0, **options):
        super().__init__(network, **options)
        self.alpha, self.quantiles = alpha, beta_quantiles(alpha)

    def unlabelled_loss(self, view):
        view = ops.cast(view, self.variable_dtype)
        order, share = draw_partners(ops.shape(view)[0], self.quantiles, self.seed_generator)
        target = losses.mix(ops.softmax(self.taught(view), axis=-1), order, share)
        answers = ops.softmax(self.answers(losses.mix(view, order, share)), axis=-1)
        return ops.mean(ops.sum(ops.square(answers - target), axis=-1))


@keras.saving.register_keras_serializable("course_lib")
class MixMatch(Supervised):
    """MixMatch: guessed labels, sharpened, and all of it mixed with all of it.

    The mean answer to the views is sharpened and taken for their label; labelled and unlabelled
    rows are mixed with partners from both, each the larger part of its mixture (max(λ, 1 − λ)).
    Berthelot, Carlini, Goodfellow, Papernot, Oliver and Raffel, NeurIPS 2019.

    Args:
        network: As for `Supervised`.
        temperature: As for `losses.sharpen`.
        alpha: Shares are drawn from Beta(α, α), one for each row.
        **options: As for `Supervised`.

    Raises:
        ValueError: while training, for weights of rows: a mixture is of two rows.
    """

    views = 2

    def __init__(self, network, *, temperature=0.5, alpha=0.75, **options):
        super().__init__(network, **options)
        self.temperature, self.alpha = temperature, alpha
        self.quantiles = beta_quantiles(alpha)

    def guess(self, *views):
        """The label guessed for each row: the views' mean answer, sharpened and stopped.

        Args:
            *views: Looks at the same rows, `(rows, ...)` each.

        Returns:
            Probabilities, `(rows, classes)`.
        """
        answers = [ops.softmax(self.answers(view), axis=-1) for view in views]
        mean = sum(answers) / len(answers)
        return ops.stop_gradient(losses.sharpen(mean, self.temperature))

    def joint_loss(self, x, y, logits, views, sample_weight=None):
        if sample_weight is not None:
            raise ValueError(
                "MixMatch got weights of rows (sample_weight or class_weight), but it mixes rows "
                "of different weights with each other. Train it without."
            )
        number, dtype = ops.shape(x)[0], self.variable_dtype
        inputs = ops.concatenate([ops.cast(part, dtype) for part in (x, *views)])
        known = ops.one_hot(ops.reshape(ops.cast(y, "int32"), (-1,)), self.classes, dtype=dtype)
        targets = ops.concatenate([known, *[self.guess(*views)] * self.views])

        order, share = draw_partners(ops.shape(inputs)[0], self.quantiles, self.seed_generator)
        share = ops.maximum(share, 1 - share)
        logits = self.answers(losses.mix(inputs, order, share))
        targets = losses.mix(targets, order, share)
        error = -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)
        difference = ops.mean(ops.square(ops.softmax(logits, axis=-1) - targets), axis=-1)
        return ops.mean(error[:number]) + self.weight_now() * ops.mean(difference[number:])
