"""The same network asked twice: UDA and the Π-model."""

import keras
from keras import ops

from course_lib.consistency import losses
from course_lib.consistency.methods.supervised import Supervised


@keras.saving.register_keras_serializable("course_lib")
class UDA(Supervised):
    """Unsupervised data augmentation, `losses.uda`, of a clean and an augmented view.

    Args:
        network: As for `Supervised`.
        temperature: As for `losses.uda`.
        threshold: As for `losses.uda`.
        annealing: Schedule of `losses.annealed_threshold` for the labelled rows, or None.
        steps: Steps of the whole training, for the annealing.
        **options: As for `Supervised`.

    Raises:
        ValueError: for annealing without the number of steps.
    """

    views = 2

    def __init__(
        self, network, *, temperature=0.4, threshold=0.8, annealing=None, steps=None, **options
    ):
        super().__init__(network, **options)
        if annealing and not steps:
            raise ValueError(f"Annealing ({annealing!r}) needs the number of steps, but got none.")
        self.temperature, self.threshold = temperature, threshold
        self.annealing, self.steps = annealing, steps

    def labelled_loss(self, y, logits, sample_weight=None):
        if not self.annealing:
            return super().labelled_loss(y, logits, sample_weight)
        progress = self.step / self.steps
        threshold = losses.annealed_threshold(progress, self.classes, self.annealing)
        return losses.annealed(y, logits, threshold, sample_weight)

    def unlabelled_loss(self, clean, augmented):
        clean, augmented = self.answers(clean), self.answers(augmented)
        return losses.uda(clean, augmented, self.temperature, self.threshold)


@keras.saving.register_keras_serializable("course_lib")
class PiModel(Supervised):
    """Π-model: ‖p₁ − p₂‖² of two augmented views, with gradients through both.

    Laine and Aila, "Temporal ensembling for semi-supervised learning", ICLR 2017.
    """

    views = 2

    def unlabelled_loss(self, first, second):
        return ops.mean(losses.squared_difference(self.answers(first), self.answers(second)))
