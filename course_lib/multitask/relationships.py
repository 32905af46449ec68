"""Deep relationship networks: layers of each task's own, tied by how the tasks are related.

Long, Cao, Wang and Yu, "Learning multiple tasks with multilinear relationship networks", NIPS
2017. The kernels of all tasks have a Gaussian prior whose covariance is a Kronecker product: that
of two weights is Σ_T[task, task'] · Σ_F[feature, feature'] · Σ_U[unit, unit']. Σ_T says which
tasks are related, and is learned from the kernels along with the other two.
"""

import math

import keras
from keras import ops

from course_lib.multitask import architectures

AXES = {"features": 1, "tasks": 0, "units": 2}


def matrix_normal_penalty(kernel, feature_covariance, task_covariance, unit_covariance=None):
    """Negative log density of kernels under a matrix-normal prior, without its constant.

    For independent units this is the sum over units of ½ tr(Σ_F⁻¹ W Σ_T⁻¹ Wᵀ) + ½ tasks · log|Σ_F|
    + ½ features · log|Σ_T|, with W a unit's weights, a row for each feature and a column for each
    task. In general it is ½ wᵀ Σ⁻¹ w + ½ log|Σ| with w all weights as one vector and Σ = Σ_T ⊗ Σ_F
    ⊗ Σ_U. Without the log-determinants, ever larger covariances would cost nothing.

    Args:
        kernel: Weights, `(tasks, features, units)`.
        feature_covariance: Σ_F, `(features, features)`, positive definite; None for an identity.
        task_covariance: Σ_T, `(tasks, tasks)`, positive definite; None for an identity.
        unit_covariance: Σ_U, `(units, units)`, positive definite; None for an identity.

    Returns:
        A scalar.
    """
    size = math.prod(kernel.shape)
    white, log_determinant = kernel, 0.0
    covariances = (feature_covariance, task_covariance, unit_covariance)
    for axis, covariance in zip(AXES.values(), covariances):
        if covariance is not None:
            factor = ops.cholesky(covariance)
            white = _whiten(white, factor, axis)
            log_determinant += size / kernel.shape[axis] * _log_determinant(factor)
    return 0.5 * (ops.sum(ops.square(white)) + log_determinant)


def _rows(kernel, axis):
    """The kernel as a matrix with a row for each index of one axis."""
    return ops.reshape(ops.moveaxis(kernel, axis, 0), (kernel.shape[axis], -1))


def _whiten(kernel, factor, axis):
    """L⁻¹ times the kernel along one axis, where Σ = L Lᵀ."""
    white = ops.solve_triangular(factor, _rows(kernel, axis), lower=True)
    others = [size for number, size in enumerate(kernel.shape) if number != axis]
    return ops.moveaxis(ops.reshape(white, (kernel.shape[axis], *others)), 0, axis)


def _log_determinant(factor):
    return 2 * ops.sum(ops.log(ops.diagonal(factor)))


def flip_flop(kernel, covariances, epsilon=1e-2, steps=1):
    """Maximum-likelihood covariances of kernels: each from the others, in turn.

    The covariance of one axis is that of the kernels whitened along the other two, for example
    Σ_T ∝ Σ_u W_uᵀ Σ_F⁻¹ W_u where units are independent. Each is scaled to a mean variance of one,
    with εI added. Only the product of their scales is determined, and with that left free, kernels
    and covariances would shrink together, since the log-determinants have no lower bound.
    Dutilleul, "The MLE algorithm for the matrix normal distribution", 1999.

    Args:
        kernel: Weights, `(tasks, features, units)`, not all zero.
        covariances: Σ_F, Σ_T and Σ_U to start from. One that is None counts as an identity, and
            is not learned.
        epsilon: ε, which keeps covariances positive definite.
        steps: Number of turns.

    Returns:
        Σ_F, Σ_T and Σ_U, each with a trace as large as its number of rows, or None.
    """
    covariances = list(covariances)
    axes = list(AXES.values())
    learned = [place for place in (0, 2, 1) if covariances[place] is not None]  # tasks come last
    for place in learned * steps:
        white = kernel
        for other in learned:
            if other != place:
                white = _whiten(white, ops.cholesky(covariances[other]), axes[other])
        rows = _rows(white, axes[place])
        scatter = ops.matmul(rows, ops.transpose(rows))
        scatter = scatter / ops.mean(ops.diagonal(scatter))
        covariances[place] = (scatter + epsilon * ops.eye(len(rows))) / (1 + epsilon)
    return tuple(covariances)


def gramian_penalty(kernel):
    """How correlated the tasks' kernels are: ‖G − I‖², with G the Gramian of their directions.

    The other reading of "relationship" in lectures: it makes the tasks' kernels *less* alike,
    until they are orthogonal, whether or not the tasks are related. The prior of the paper is
    `matrix_normal_penalty`.

    Args:
        kernel: Weights, `(tasks, features, units)`, no task's all zero.

    Returns:
        A scalar: the sum of all squared cosines between two tasks.
    """
    rows = _rows(kernel, 0)
    directions = rows / ops.sqrt(ops.sum(ops.square(rows), axis=1, keepdims=True))
    gramian = ops.matmul(directions, ops.transpose(directions))
    return ops.sum(ops.square(gramian - ops.eye(len(rows))))


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
        learned: Which of `"features"`, `"tasks"` and `"units"` have a covariance that is learned;
            the others count as independent.
        kernel_initializer: Initializer of a kernel `(features, units)`, called once: all tasks
            start from the same kernel, as in the paper from the same pretrained layer, so that a
            unit is the same feature to each.

    Call arguments:
        inputs: One tensor `(batch, ..., features)` for each task, or a single one for all.

    Returns:
        List of one tensor `(batch, ..., units)` for each task.

    Raises:
        ValueError: if the inputs are not one for each task, `learned` has another name, or a
            covariance to be learned has more rows than the kernel has columns to learn it from:
            features > tasks · units, for example.

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
        learned=tuple(AXES),
        kernel_initializer="he_normal",
        **kwargs,
    ):
        super().__init__(**kwargs)
        if not set(learned) <= set(AXES):
            raise ValueError(f"learned names some of {list(AXES)}, but got {learned!r}.")
        self.units = units
        self.tasks = tasks
        self.activation = keras.activations.get(activation)
        self.weight = weight
        self.epsilon = epsilon
        self.learned = tuple(learned)
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
        shape = (self.tasks, features, self.units)
        for name in self.learned:
            rows = shape[AXES[name]]
            if rows**2 > math.prod(shape):
                raise ValueError(
                    f"A kernel of {self.tasks} tasks, {features} features and {self.units} units "
                    f"is too small to learn the covariance of its {rows} {name}: use more units "
                    f"or features, or leave {name!r} out of learned={self.learned}."
                )

        def stacked(shape, dtype):
            return ops.stack([self.kernel_initializer(shape[1:], dtype)] * self.tasks)

        self.feature_covariance, self.task_covariance, self.unit_covariance = (
            self._covariance(name, shape) if name in self.learned else None for name in AXES
        )
        self.kernel = self.add_weight(
            shape=shape,
            initializer=stacked,
            regularizer=self._prior,
            name="kernel",
        )
        self.bias = self.add_weight(
            shape=(self.tasks, self.units), initializer="zeros", name="bias"
        )

    def _covariance(self, name, shape):
        rows = shape[AXES[name]]
        name = f"{name.removesuffix('s')}_covariance"
        return self.add_weight(
            shape=(rows, rows), initializer="identity", trainable=False, name=name
        )

    def _covariances(self):
        variables = (self.feature_covariance, self.task_covariance, self.unit_covariance)
        return [None if each is None else ops.convert_to_tensor(each) for each in variables]

    def _prior(self, kernel):
        kernel = ops.convert_to_tensor(kernel)
        return self.weight * matrix_normal_penalty(kernel, *self._covariances())

    def call(self, inputs):
        inputs = inputs if isinstance(inputs, (list, tuple)) else [inputs] * self.tasks
        return [
            self.activation(ops.matmul(x, self.kernel[task]) + self.bias[task])
            for task, x in enumerate(inputs)
        ]

    def update(self):
        """Sets the covariances to those that the kernels have: one turn of `flip_flop`."""
        kernel = ops.convert_to_tensor(self.kernel)
        found = flip_flop(kernel, self._covariances(), self.epsilon)
        variables = (self.feature_covariance, self.task_covariance, self.unit_covariance)
        for variable, covariance in zip(variables, found):
            if variable is not None:
                variable.assign(covariance)

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "tasks": self.tasks,
            "activation": keras.activations.serialize(self.activation),
            "weight": self.weight,
            "epsilon": self.epsilon,
            "learned": self.learned,
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
