"""Kernels of low rank, or with few features for all tasks, by proximal steps.

A penalty in the loss makes singular values or weights small, but a gradient step jumps over zero
and hardly ever meets it. A proximal step is taken after the gradient step, and its zeros are exact:
it goes to the W that minimises ½‖W − W_stepped‖² + threshold · penalty(W). As a constraint of a
kernel it is taken after each step of the optimizer. For the loss plus λ · penalty take plain `SGD`,
without momentum, and the threshold learning rate · λ. Parikh and Boyd, "Proximal algorithms", 2014.
"""

import keras
from keras import ops


def shrink_singular_values(matrix, threshold):
    """Proximal step of the nuclear norm: singular values σ become max(σ − threshold, 0).

    Cai, Candès and Shen, "A singular value thresholding algorithm for matrix completion", 2010.

    Args:
        matrix: `(rows, columns)`.
        threshold: What is taken off each singular value.

    Returns:
        Matrix of the same shape, of lower rank where singular values are below the threshold.
    """
    left, singular_values, right = ops.svd(matrix, full_matrices=False)
    return ops.matmul(left * ops.relu(singular_values - threshold), right)


def shrink_rows(matrix, threshold):
    """Proximal step of ‖·‖₂,₁, the sum of the rows' norms: norms r become max(r − threshold, 0).

    Args:
        matrix: `(rows, columns)`.
        threshold: What is taken off each row's norm.

    Returns:
        Matrix of the same shape, with zeros in each row whose norm is below the threshold.
    """
    norms = ops.norm(matrix, axis=1, keepdims=True)
    return matrix * ops.divide_no_nan(ops.relu(norms - threshold), norms)


class _Shrinkage(keras.constraints.Constraint):
    def __init__(self, threshold):
        if threshold < 0:
            raise ValueError(f"The threshold must not be below 0, but got {threshold}.")
        self.threshold = threshold

    def __call__(self, kernel):
        rows = ops.moveaxis(ops.convert_to_tensor(kernel), -2, 0)
        shrunk = self.shrink(ops.reshape(rows, (rows.shape[0], -1)), self.threshold)
        return ops.moveaxis(ops.reshape(shrunk, rows.shape), 0, -2)

    def get_config(self):
        return {"threshold": self.threshold}


@keras.saving.register_keras_serializable("course_lib")
class LowRank(_Shrinkage):
    """Constraint: after each step, shrinks the singular values of all tasks' weights.

    The tasks' weights, as a matrix `(features, tasks * units)`, then have a low rank: tasks share a
    small space of features. Argyriou, Evgeniou and Pontil, "Convex multi-task feature learning",
    2008.

    Args:
        threshold: Learning rate times the weight of the nuclear norm ‖W‖_* in the loss.

    Call arguments:
        kernel: `(tasks, features, units)` of `TaskDense`, or `(features, units)` of `Dense`.

    Returns:
        Kernel of the same shape.

    Raises:
        ValueError: if the threshold is below zero.
    """

    shrink = staticmethod(shrink_singular_values)


@keras.saving.register_keras_serializable("course_lib")
class SharedRows(_Shrinkage):
    """Constraint: after each step, shrinks each feature's weights over all tasks, to zero for some.

    The tasks then select the same features. Obozinski, Taskar and Jordan, "Joint covariate
    selection and joint subspace selection for multiple classification problems", 2010.

    Args:
        threshold: Learning rate times the weight of ‖W‖₂,₁ in the loss.

    Call arguments:
        kernel: `(tasks, features, units)` of `TaskDense`, or `(features, units)` of `Dense`.

    Returns:
        Kernel of the same shape.

    Raises:
        ValueError: if the threshold is below zero.
    """

    shrink = staticmethod(shrink_rows)
