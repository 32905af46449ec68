"""A teacher asked by its student: Mean Teacher, and what it shares with interpolation."""

import keras
from keras import ops

from course_lib.consistency import losses, teachers
from course_lib.consistency.methods.supervised import Supervised


class Taught(Supervised):
    """A student with a teacher that follows it, and that answers once both are trained.

    The teacher follows before it is asked: after n steps it is the average of the students before
    each of them.

    Args:
        network: As for `Supervised`, the student.
        momentum: The teacher's momentum in the long run.
        **options: As for `Supervised`.
    """

    def __init__(self, network, *, momentum=0.999, **options):
        super().__init__(network, **options)
        self.teacher, self.momentum = teachers.make(network), momentum

    def call(self, inputs, training=None):
        if training:
            return super().call(inputs, training=True)
        labelled = inputs["labelled"] if isinstance(inputs, dict) else inputs
        return self.teacher(labelled, training=False)

    def taught(self, view):
        """Moves the teacher to where the student is now; returns its logits, stopped."""
        teachers.follow(self.teacher, self.network, teachers.momentum(self.step, self.momentum))
        logits = self.teacher(view, training=False)
        return ops.stop_gradient(ops.cast(logits, self.variable_dtype))


@keras.saving.register_keras_serializable("course_lib")
class MeanTeacher(Taught):
    """Mean Teacher: ‖p_θ − p_θ'‖², the teacher θ' a moving average of the student θ.

    Tarvainen and Valpola, NeurIPS 2017; what happens to batch normalisation, `teachers.follow`
    tells. The teacher answers `predict` and `evaluate`.
    """

    views = 2

    def unlabelled_loss(self, first, second):
        target = self.taught(second)
        return ops.mean(losses.squared_difference(self.answers(first), target))
