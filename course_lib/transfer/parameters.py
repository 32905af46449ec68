"""Parameter transfer: the source's weights are where the target's are expected to be."""

import keras
import numpy as np
from keras import ops


def ridge_towards(x, y, start, penalty):
    """Ridge regression that shrinks to given weights: min_w ‖y − x w‖² + λ‖w − w₀‖².

    What the source leaves over is fitted by an ordinary ridge regression:
    w = w₀ + (xᵀx + λI)⁻¹ xᵀ(y − x w₀). No λ gives least squares, a large one the source's weights.

    Args:
        x: Features of target rows, `(rows, features)`.
        y: Labels, `(rows,)`.
        start: Weights w₀ that were learned on the source, `(features,)`; zeros for plain ridge.
        penalty: λ, above zero where there are fewer rows than features.

    Returns:
        Weights, `(features,)`.
    """
    x, y, start = (np.asarray(array, "float64") for array in (x, y, start))
    gram = x.T @ x + penalty * np.eye(x.shape[1])
    return start + np.linalg.solve(gram, x.T @ (y - x @ start))


@keras.saving.register_keras_serializable("course_lib")
class Towards(keras.regularizers.Regularizer):
    """The same penalty for a layer of a network: λ‖W − W₀‖².

    Li, Grandvalet and Davoine, "Explicit inductive bias for transfer learning with convolutional
    networks", ICML 2018, where it is called L²-SP.

    Args:
        start: Weights W₀, an array of the layer's kernel's shape.
        penalty: λ, for the loss as Keras takes it, a mean over rows.

    Example:
        >>> towards = Towards(np.ones((2, 1)), penalty=3.0)
        >>> float(towards(ops.zeros((2, 1))))
        6.0
    """

    def __init__(self, start, penalty):
        self.start = np.asarray(start, "float32")
        self.penalty = penalty

    def __call__(self, weights):
        return self.penalty * ops.sum((weights - self.start) ** 2)

    def get_config(self):
        return {"start": self.start.tolist(), "penalty": self.penalty}
