"""Deep relationship networks: layers of each task's own, tied by how the tasks are related.

Long, Cao, Wang and Yu, "Learning multiple tasks with multilinear relationship networks", NIPS
2017. The kernels W of one unit, a column for each task, have a matrix-normal prior: the covariance
of two weights is Σ_F[feature, feature'] · Σ_T[task, task']. Σ_T says which tasks are related, and
is learned from the kernels along with them. The paper has a third covariance, of the units; here
units are independent.
"""

import keras
from keras import ops

from course_lib.multitask import architectures


def matrix_normal_penalty(kernel, feature_covariance, task_covariance):
    """Negative log density of kernels under a matrix-normal prior, without its constant.

    For a unit's weights W, a row for each feature and a column for each task, this is
    ½ tr(Σ_F⁻¹ W Σ_T⁻¹ Wᵀ) + ½ tasks · log|Σ_F| + ½ features · log|Σ_T|; the units' sum is returned.
    Without the log-determinants, ever larger covariances would cost nothing.

    Args:
        kernel: Weights, `(tasks, features, units)`.
        feature_covariance: Σ_F, `(features, features)`, positive definite.
        task_covariance: Σ_T, `(tasks, tasks)`, positive definite.

    Returns:
        A scalar.
    """
    tasks, features, units = kernel.shape
    feature_factor = ops.cholesky(feature_covariance)
    task_factor = ops.cholesky(task_covariance)
    white = _whiten(_whiten(kernel, task_factor, 0), feature_factor, 1)
    log_determinants = tasks * _log_determinant(feature_factor) + features * _log_determinant(
        task_factor
    )
    return 0.5 * (ops.sum(ops.square(white)) + units * log_determinants)


def _rows(kernel, axis):
    """The kernel as a matrix, with a row for each task (axis 0) or feature (axis 1)."""
    return ops.reshape(ops.moveaxis(kernel, axis, 0), (kernel.shape[axis], -1))


def _whiten(kernel, factor, axis):
    """L⁻¹ times the kernel along one axis, where Σ = L Lᵀ."""
    white = ops.solve_triangular(factor, _rows(kernel, axis), lower=True)
    others = [size for number, size in enumerate(kernel.shape) if number != axis]
    return ops.moveaxis(ops.reshape(white, (kernel.shape[axis], *others)), 0, axis)


def _log_determinant(factor):
    return 2 * ops.sum(ops.log(ops.diagonal(factor)))


def flip_flop(kernel, task_covariance, epsilon=1e-2, steps=1):
    """Maximum-likelihood covariances of kernels: each from the other, in turn.

    Σ_F ∝ Σ_u W_u Σ_T⁻¹ W_uᵀ and Σ_T ∝ Σ_u W_uᵀ Σ_F⁻¹ W_u, each scaled to a mean variance of one,
    with εI added. Only the product of their scales is determined, and with that left free, kernels
    and covariances would shrink together, since the log-determinants have no lower bound.
    Dutilleul, "The MLE algorithm for the matrix normal distribution", 1999.

    Args:
        kernel: Weights, `(tasks, features, units)`, not all zero.
        task_covariance: Σ_T to start from, `(tasks, tasks)`.
        epsilon: ε, which keeps both covariances positive definite.
        steps: Number of turns.

    Returns:
        Σ_F, `(features, features)` with trace `features`, and Σ_T, `(tasks, tasks)` with trace
        `tasks`.
    """

    def covariance(axis, other, other_covariance):
        rows = _rows(_whiten(kernel, ops.cholesky(other_covariance), other), axis)
        scatter = ops.matmul(rows, ops.transpose(rows))
        scatter = scatter / ops.mean(ops.diagonal(scatter))
        return (scatter + epsilon * ops.eye(len(rows))) / (1 + epsilon)

    for _ in range(steps):
        feature_covariance = covariance(1, 0, task_covariance)
        task_covariance = covariance(0, 1, feature_covariance)
    return feature_covariance, task_covariance


@keras.saving.register_keras_serializable("course_lib")
class RelatedDense(keras.layers.Layer):
    """A `Dense` layer for each task, with a matrix-normal prior on all tasks' kernels.

    The prior is a penalty in the loss. Its covariances start as identities, which makes it
    ½ weight · ‖W‖², and are weights that `RelationshipUpdate` sets after each epoch.

    Args:
        units: Number of outputs of each task.
        tasks: Number of tasks.
        activation: Activation function, or None.
        weight: Weight of the prior in the loss. The maximum a posteriori has 1 / (n σ²), where the
            loss is a negative log likelihood's mean over n rows and σ² is the variance of weights.
        epsilon: ε of `flip_flop`.
        kernel_initializer: Initializer of a kernel `(features, units)`, called once: all tasks
            start from the same kernel, as in the paper from the same pretrained layer, so that a
            unit is the same feature to each.

    Call arguments:
        inputs: One tensor `(batch, ..., features)` for each task, or a single one for all.

    Returns:
        List of one tensor `(batch, ..., units)` for each task.

    Raises:
        ValueError: if the inputs are not one for each task, or tasks · units < features, from which
            Σ_F cannot be learned.

    Example:
        >>> import numpy as np
        >>> layer = RelatedDense(units=4, tasks=3)
        >>> [tuple(y.shape) for y in layer(np.ones((5, 6), "float32"))]
        [(5, 4), (5, 4), (5, 4)]
    """

    def __init__(
        self,
        units,
        tasks,
        activation=None,
        weight=1e-5,
        epsilon=1e-2,
        kernel_initializer="he_normal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.units = units
        self.tasks = tasks
        self.activation = keras.activations.get(activation)
        self.weight = weight
        self.epsilon = epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        one_each = isinstance(input_shape[0], (list, tuple))
        shapes = input_shape if one_each else [input_shape] * self.tasks
        features = shapes[0][-1]
        if len(shapes) != self.tasks or any(shape[-1] != features for shape in shapes):
            raise ValueError(
                f"Expected one tensor for each of {self.tasks} tasks, all with as many features, "
                f"but got shapes {shapes}."
            )
        if self.tasks * self.units < features:
            raise ValueError(
                f"{self.tasks} tasks of {self.units} units are too few to learn the covariance of "
                f"{features} features: take at least {-(-features // self.tasks)} units."
            )

        def stacked(shape, dtype):
            return ops.broadcast_to(self.kernel_initializer(shape[1:], dtype), shape)

        self.feature_covariance = self.add_weight(
            shape=(features, features),
            initializer="identity",
            trainable=False,
            name="feature_covariance",
        )
        self.task_covariance = self.add_weight(
            shape=(self.tasks, self.tasks),
            initializer="identity",
            trainable=False,
            name="task_covariance",
        )
        self.kernel = self.add_weight(
            shape=(self.tasks, features, self.units),
            initializer=stacked,
            regularizer=self._prior,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.tasks, self.units), initializer="zeros", name="bias"
        )

    def _prior(self, kernel):
        return self.weight * matrix_normal_penalty(
            ops.convert_to_tensor(kernel),
            ops.convert_to_tensor(self.feature_covariance),
            ops.convert_to_tensor(self.task_covariance),
        )

    def call(self, inputs):
        inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs] * self.tasks
        return [
            self.activation(ops.matmul(x, self.kernel[task]) + self.bias[task])
            for task, x in enumerate(inputs)
        ]

    def update(self):
        """Sets the covariances to those that the kernels have: one turn of `flip_flop`."""
        feature_covariance, task_covariance = flip_flop(
            ops.convert_to_tensor(self.kernel),
            ops.convert_to_tensor(self.task_covariance),
            self.epsilon,
        )
        self.feature_covariance.assign(feature_covariance)
        self.task_covariance.assign(task_covariance)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "tasks": self.tasks,
            "activation": keras.activations.serialize(self.activation),
            "weight": self.weight,
            "epsilon": self.epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }


class RelationshipUpdate(keras.callbacks.Callback):
    """Updates the covariances of all `RelatedDense` layers of a model after each epoch.

    Raises:
        ValueError: if the model has no such layer.
    """

    def on_train_begin(self, logs=None):
        self.related = list(_related_layers(self.model))
        if not self.related:
            raise ValueError(f"Model {self.model.name!r} has no RelatedDense layer to update.")

    def on_epoch_end(self, epoch, logs=None):
        for layer in self.related:
            layer.update()


def _related_layers(model):
    for layer in model.layers:
        if isinstance(layer, RelatedDense):
            yield layer
        elif isinstance(layer, keras.Model):
            yield from _related_layers(layer)


def task_correlation(layer):
    """How a layer's tasks are related: the correlations that belong to its Σ_T.

    Args:
        layer: A `RelatedDense` layer.

    Returns:
        Correlations, a NumPy array `(tasks, tasks)` with ones on the diagonal.
    """
    covariance = ops.convert_to_numpy(layer.task_covariance)
    scale = covariance.diagonal() ** 0.5
    return covariance / scale[:, None] / scale


def relationship_network(inputs, stages, heads, units, weight=1e-5):
    """A deep relationship network: a shared trunk, then related layers of each task's own.

    Train it with the callback `RelationshipUpdate`, without which all tasks count as unrelated.

    Args:
        inputs: A `keras.Input`.
        stages: List of functions from a name to a layer: the shared trunk, from the input on.
        heads: Dictionary from task to a function from a name to a layer.
        units: Units that each task has in each related layer, a list.
        weight: Weight of each related layer's prior in the loss; see `RelatedDense`.

    Returns:
        A `keras.Model`, with `RelatedDense` layers `related_0` and so on, in the order of `heads`.
    """
    hidden = architectures.trunk(inputs, stages)
    for number, width in enumerate(units):
        hidden = RelatedDense(width, len(heads), "relu", weight, name=f"related_{number}")(hidden)
    return architectures.with_heads(inputs, hidden, heads, "relationship_network")
