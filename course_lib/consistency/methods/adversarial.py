"""An adversary asked: virtual adversarial training."""

import keras
from keras import ops

from course_lib.consistency import losses
from course_lib.consistency.methods.supervised import Supervised
from course_lib.gradients import input_gradient, unit

# Lengths that rounding does not drown, by the precision in which a network computes.
DISTANCES = {"float16": 0.1, "bfloat16": 0.2, "float32": 1e-2, "float64": 1e-2}


@keras.saving.register_keras_serializable("course_lib")
class VAT(Supervised):
    """Virtual adversarial training: no change in the direction that changes the answer most.

    The direction is found in inference mode, by power iteration on the gradient of KL at a small
    distance. Miyato, Maeda, Koyama and Ishii, "Virtual adversarial training", TPAMI 2019.

    Args:
        network: As for `Supervised`.
        radius: Length ε of the change, in the units of the inputs.
        distance: Length ξ at which gradients are taken, far below which rounding drowns them; None
            for that of `DISTANCES`, which suit inputs of about 1.
        iterations: Power iterations.
        entropy: Weight of the answers' entropy, which is made small too (VAT + EntMin).
        **options: As for `Supervised`.
    """

    views = 1

    def __init__(self, network, *, radius=1.0, distance=None, iterations=1, entropy=0.0, **options):
        super().__init__(network, **options)
        self.radius, self.distance, self.iterations = radius, distance, iterations
        self.entropy = entropy

    def direction(self, view):
        """The adversarial direction of each row, of length 1.

        Args:
            view: Inputs, `(rows, ...)`.

        Returns:
            A tensor of the same shape, which no gradient passes.
        """
        view = ops.cast(view, self.variable_dtype)
        answers = ops.stop_gradient(self.answers(view, training=False))

        def changed(step):
            logits = self.answers(view + step, training=False)
            return ops.sum(losses.kl_divergence(answers, logits))

        start = keras.random.normal(ops.shape(view), dtype=view.dtype, seed=self.seed_generator)
        found = unit(start)
        distance = self.distance or DISTANCES[self.compute_dtype]
        for _ in range(self.iterations):
            found = unit(input_gradient(changed, distance * found))
        return ops.stop_gradient(found)

    def unlabelled_loss(self, view):
        view = ops.cast(view, self.variable_dtype)
        changed = view + self.radius * self.direction(view)
        logits = self.answers(view)
        loss = losses.kl_divergence(ops.stop_gradient(logits), self.answers(changed))
        if self.entropy:
            loss += self.entropy * losses.entropy(logits)
        return ops.mean(loss)
