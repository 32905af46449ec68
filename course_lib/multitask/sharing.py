"""Models that share in different ways, for tasks with one label per input.

Every model takes `[x, task]`, the features `(batch, features)` and the number of each row's task
`(batch,)`, and returns one prediction a row, `(batch, 1)`. All tasks' own weights lie in one
tensor, so that one `fit` trains them.
"""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class TaskDense(keras.layers.Layer):
    """A `Dense` layer of its own for every task, with all tasks' weights in one tensor.

    Each row meets the weights of its own task: `activation(x @ kernel[task] + bias[task])`.

    Args:
        tasks: Number of tasks.
        units: Number of outputs of each task.
        activation: Activation function, or None.
        use_bias: Whether each task has a bias of its own.
        kernel_initializer: Initializer, called once for a kernel `(features, tasks * units)`, so
            that an initializer which scales with the fan-in treats each task as a `Dense` layer of
            its own.
        kernel_regularizer: Regularizer of the stacked kernel `(tasks, features, units)`, or None.
        kernel_constraint: Constraint of the stacked kernel, as those of `proximal`, or None.

    Call arguments:
        x: Features, `(batch, features)`.
        task: Number of each row's task, `(batch,)` integer, from 0 to `tasks - 1`.

    Returns:
        Outputs, `(batch, units)`.

    Example:
        >>> import numpy as np
        >>> layer = TaskDense(tasks=3, units=2)
        >>> tuple(layer(np.ones((5, 4), "float32"), np.array([0, 1, 2, 0, 0])).shape)
        (5, 2)
        >>> tuple(layer.kernel.shape)
        (3, 4, 2)
    """

    def __init__(
        self,
        tasks,
        units,
        activation=None,
        use_bias=True,
        kernel_initializer="he_normal",
        kernel_regularizer=None,
        kernel_constraint=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.tasks = tasks
        self.units = units
        self.activation = keras.activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.kernel_regularizer = keras.regularizers.get(kernel_regularizer)
        self.kernel_constraint = keras.constraints.get(kernel_constraint)

    def build(self, input_shape):
        def stacked(shape, dtype):
            tasks, features, units = shape
            kernels = self.kernel_initializer((features, tasks * units), dtype)
            return ops.transpose(ops.reshape(kernels, (features, tasks, units)), (1, 0, 2))

        self.kernel = self.add_weight(
            shape=(self.tasks, input_shape[-1], self.units),
            initializer=stacked,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        if self.use_bias:
            self.bias = self.add_weight(
                shape=(self.tasks, self.units), initializer="zeros", name="bias"
            )

    def call(self, x, task):
        y = ops.einsum("bf,bfu->bu", x, ops.take(self.kernel, task, axis=0))
        if self.use_bias:
            y = y + ops.take(self.bias, task, axis=0)
        return self.activation(y)

    def get_config(self):
        return {
            **super().get_config(),
            "tasks": self.tasks,
            "units": self.units,
            "activation": keras.activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "kernel_regularizer": keras.regularizers.serialize(self.kernel_regularizer),
            "kernel_constraint": keras.constraints.serialize(self.kernel_constraint),
        }


@keras.saving.register_keras_serializable("course_lib")
class IgnoreTask(keras.layers.Layer):
    """Returns the features as they are, so that a model which ignores the task takes it, too."""

    def call(self, x, task):
        return x


def _inputs(features):
    return keras.Input((features,), name="x"), keras.Input((), dtype="int32", name="task")


def _trunk(h, hidden, activation, regularizer=None):
    for units in hidden:
        h = keras.layers.Dense(
            units, activation, kernel_initializer="he_normal", kernel_regularizer=regularizer
        )(h)
    return h


def _own_trunk(h, task, tasks, hidden, regularizer=None):
    for units in hidden:
        h = TaskDense(tasks, units, "relu", kernel_regularizer=regularizer)(h, task)
    return h


def separate(tasks, features, hidden=(), penalty=0.0):
    """A network of its own for every task: nothing is shared.

    Args:
        tasks: Number of tasks.
        features: Number of features.
        hidden: Units of each hidden layer; empty for a linear model.
        penalty: Weight of the sum of squares of all kernels in the loss.

    Returns:
        A `keras.Model` from `[x, task]` to predictions `(batch, 1)`.
    """
    x, task = _inputs(features)
    regularizer = keras.regularizers.L2(penalty)
    h = _own_trunk(x, task, tasks, hidden, regularizer)
    last = TaskDense(tasks, 1, kernel_regularizer=regularizer)
    return keras.Model([x, task], last(h, task), name="separate")


def pooled(features, hidden=()):
    """One network for all tasks, which does not see the task: everything is shared.

    Args:
        features: Number of features.
        hidden: Units of each hidden layer; empty for a linear model.

    Returns:
        A `keras.Model` from `[x, task]` to predictions `(batch, 1)`.
    """
    x, task = _inputs(features)
    h = _trunk(IgnoreTask()(x, task), hidden, "relu")
    return keras.Model([x, task], keras.layers.Dense(1)(h), name="pooled")


def shared_trunk(tasks, features, hidden, activation="relu", penalty=0.0):
    """Hard sharing: hidden layers for all tasks, an output layer for each (Caruana, 1997).

    With one linear hidden layer, the tasks' weights are the product of two small matrices and so of
    low rank; a penalty on the squares of both factors is one on the sum of the product's singular
    values (Srebro et al., 2004).

    Args:
        tasks: Number of tasks.
        features: Number of features.
        hidden: Units of each hidden layer of the trunk.
        activation: Activation of the hidden layers.
        penalty: Weight of the sum of squares of all kernels in the loss.

    Returns:
        A `keras.Model` from `[x, task]` to predictions `(batch, 1)`.
    """
    x, task = _inputs(features)
    regularizer = keras.regularizers.L2(penalty)
    h = _trunk(x, hidden, activation, regularizer)
    return keras.Model(
        [x, task], TaskDense(tasks, 1, kernel_regularizer=regularizer)(h, task), name="shared_trunk"
    )


def gated(tasks, features, hidden):
    """One network, whose last hidden features each task opens or closes: h ⊙ σ(E e_t).

    E e_t, row t of an embedding, is all that a task has of its own; with all gates open this is
    `pooled`.

    Args:
        tasks: Number of tasks.
        features: Number of features.
        hidden: Units of each hidden layer.

    Returns:
        A `keras.Model` from `[x, task]` to predictions `(batch, 1)`.
    """
    x, task = _inputs(features)
    h = _trunk(x, hidden, "relu")
    gate = keras.layers.Embedding(tasks, hidden[-1], name="gate")(task)
    h = keras.layers.Multiply()([h, keras.layers.Activation("sigmoid")(gate)])
    return keras.Model([x, task], keras.layers.Dense(1)(h), name="gated")


def shared_plus_own(tasks, features, penalty):
    """Linear models w₀ + v_t: a part that all tasks share and a penalised part of each task's own.

    Evgeniou and Pontil, "Regularized multi-task learning", KDD 2004. No penalty lets every task go
    its own way, a large one pools them. Give the features a column of ones: there is no bias.

    Args:
        tasks: Number of tasks.
        features: Number of features.
        penalty: Weight of Σ_t ‖v_t‖² in the loss. Where the loss is a mean over n rows, λ of the
            sum of squares over rows is a penalty of λ / n.

    Returns:
        A `keras.Model` from `[x, task]` to predictions `(batch, 1)`.
    """
    x, task = _inputs(features)
    shared = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros", name="shared")(x)
    own = TaskDense(
        tasks,
        1,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_regularizer=keras.regularizers.L2(penalty),
        name="own",
    )(x, task)
    return keras.Model([x, task], keras.layers.Add()([shared, own]), name="shared_plus_own")


def mmoe(tasks, features, hidden, experts=4, penalty=0.0):
    """Multi-gate mixture of experts: trunks for all tasks, which each task mixes by a gate.

    Row x of task t gets Σ_e softmax(W_t x + b_t)_e f_e(x), and an output layer of its own task's.
    One expert makes this `shared_trunk`. Ma and others, KDD 2018; see `architectures.mmoe`.

    Args:
        tasks: Number of tasks.
        features: Number of features.
        hidden: Units of each hidden layer of an expert.
        experts: Number of experts.
        penalty: Weight of the sum of squares of all kernels in the loss.

    Returns:
        A `keras.Model` from `[x, task]` to predictions `(batch, 1)`.
    """
    return _mixed(tasks, features, hidden, experts, False, penalty, "mmoe")


def cgc(tasks, features, hidden, experts=1, penalty=0.0):
    """Customized gate control: as `mmoe`, but each task has an expert of its own, too.

    Tang and others, RecSys 2020; see `architectures.cgc`.

    Args:
        tasks: Number of tasks.
        features: Number of features.
        hidden: Units of each hidden layer of an expert.
        experts: Number of experts that all tasks share; with 0 this is `separate`.
        penalty: Weight of the sum of squares of all kernels in the loss.

    Returns:
        A `keras.Model` from `[x, task]` to predictions `(batch, 1)`.
    """
    return _mixed(tasks, features, hidden, experts, True, penalty, "cgc")


def _mixed(tasks, features, hidden, experts, own, penalty, name):
    x, task = _inputs(features)
    regularizer = keras.regularizers.L2(penalty)
    answers = [_own_trunk(x, task, tasks, hidden, regularizer)] if own else []
    answers += [_trunk(x, hidden, "relu", regularizer) for _ in range(experts)]
    gate = TaskDense(tasks, len(answers), "softmax", kernel_regularizer=regularizer, name="gate")
    shares = gate(x, task)
    h = keras.layers.Dot(axes=1)([shares, ops.stack(answers, axis=1)])
    last = TaskDense(tasks, 1, kernel_regularizer=regularizer)
    return keras.Model([x, task], last(h, task), name=name)
