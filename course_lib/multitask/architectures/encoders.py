"""Tasks share while features are made: hard and soft sharing, cross-stitch, attention."""

import itertools

import keras
from keras import ops

from course_lib.multitask.architectures.parts import of_size, trunk, with_heads


def shared(inputs, stages, heads, cut=None):
    """Hard sharing: one trunk up to the cut, a network of its own for each task above it.

    Caruana, "Multitask learning", Machine Learning 28, 1997.

    Args:
        inputs: A `keras.Input`.
        stages: List of functions from a name to a layer: the trunk, from the input on.
        heads: Dictionary from task to a function from a name to a layer.
        cut: Number of stages that are shared; all if None, none if 0.

    Returns:
        A `keras.Model`. Its shared stages are called `shared_0` and so on, the tasks' own `TASK_0`.
    """
    cut = len(stages) if cut is None else cut
    hidden = [trunk(inputs, stages[:cut])] * len(heads)
    for number, stage in enumerate(stages[cut:], cut):
        hidden = [stage(f"{task}_{number}")(h) for task, h in zip(heads, hidden)]
    return with_heads(inputs, hidden, heads, "shared")


def separate(inputs, stages, heads):
    """A network of its own for each task: `shared` with the cut at the input.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.

    Returns:
        A `keras.Model`.
    """
    return shared(inputs, stages, heads, cut=0)


def soft(inputs, stages, heads, penalty=1e-3):
    """Soft sharing: a network for each task, with a penalty on how far their weights lie apart.

    Duong, Cohn, Bird and Cook, "Low resource dependency parsing", ACL 2015.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        penalty: Weight λ of the squared distances in the loss; with 0 the networks are separate.

    Returns:
        A `keras.Model`.
    """
    hidden = [inputs] * len(heads)
    for number, stage in enumerate(stages):
        copies = [stage(f"{task}_{number}") for task in heads]
        hidden = SoftSharing(copies, penalty, name=f"soft_{number}")(hidden)
    return with_heads(inputs, hidden, heads, "soft")


def cross_stitch(inputs, stages, heads, diagonal=0.9, per_channel=False, rate=10.0):
    """A network for each task, with a learned linear mixture of their features after each stage.

    Misra, Shrivastava, Gupta and Hebert, "Cross-stitch networks for multi-task learning", CVPR
    2016. There, each channel has a mixture of its own, and mixtures learn 100 to 1000 times faster
    than other weights.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        diagonal: Share of a task's own features at the start.
        per_channel: Whether each channel has a mixture of its own.
        rate: How much faster mixtures learn; see `CrossStitch`.

    Returns:
        A `keras.Model`, with a `CrossStitch` layer `stitch_0` and so on after each stage.
    """
    hidden = [inputs] * len(heads)
    for number, stage in enumerate(stages):
        hidden = [stage(f"{task}_{number}")(h) for task, h in zip(heads, hidden)]
        hidden = CrossStitch(diagonal, per_channel, rate, name=f"stitch_{number}")(hidden)
    return with_heads(inputs, hidden, heads, "cross_stitch")


def mtan(inputs, stages, heads):
    """Multi-task attention: one trunk, from whose features each task picks by masks of its own.

    A task's mask of a stage is learned from the stage's features and from what the task picked
    before: mask = σ(W₂ relu(W₁ [features, picked])). Liu, Johns and Davison, "End-to-end multi-task
    learning with attention", CVPR 2019.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.

    Returns:
        A `keras.Model`, with layers `TASK_mask_0` and so on, whose outputs are the masks.
    """
    h, picked = inputs, {}
    for number, stage in enumerate(stages):
        h = stage(f"shared_{number}")(h)
        for task in heads:
            seen = h
            if task in picked:
                seen = keras.layers.Concatenate()([h, of_size(picked[task], h)])
            mask = keras.layers.Dense(h.shape[-1], "relu", name=f"{task}_attention_{number}")(seen)
            mask = keras.layers.Dense(h.shape[-1], "sigmoid", name=f"{task}_mask_{number}")(mask)
            picked[task] = keras.layers.Multiply()([mask, h])
    return with_heads(inputs, [picked[task] for task in heads], heads, "mtan")


@keras.saving.register_keras_serializable("course_lib")
class SoftSharing(keras.layers.Layer):
    """A copy of one layer for each task, with a penalty λ Σ_{i<j} ‖W_i − W_j‖² on their weights.

    Args:
        copies: List of layers of the same shapes, one for each task.
        penalty: Weight λ of the squared distances in the loss.

    Call arguments:
        xs: List of one tensor for each task.

    Returns:
        List of what each task's copy makes of its tensor.
    """

    def __init__(self, copies, penalty, **kwargs):
        super().__init__(**kwargs)
        self.copies, self.penalty = copies, penalty

    def build(self, input_shape):
        for copy, shape in zip(self.copies, input_shape):
            if not copy.built:
                copy.build(shape)

    def call(self, xs, training=False):
        for same in zip(*(copy.trainable_weights for copy in self.copies)):
            for one, other in itertools.combinations(same, 2):
                apart = ops.cast(one - other, "float32")  # losses are, whatever layers compute in
                self.add_loss(self.penalty * ops.sum(ops.square(apart)))
        return [copy(x, training=training) for copy, x in zip(self.copies, xs)]

    def get_config(self):
        copies = [keras.saving.serialize_keras_object(copy) for copy in self.copies]
        return {**super().get_config(), "copies": copies, "penalty": self.penalty}

    @classmethod
    def from_config(cls, config):
        copies = [keras.saving.deserialize_keras_object(copy) for copy in config.pop("copies")]
        return cls(copies, **config)


@keras.saving.register_keras_serializable("course_lib")
class CrossStitch(keras.layers.Layer):
    """Mixes the features of all tasks linearly: h'_i = Σ_j A_ij h_j, with A learned.

    Row i of A makes the input of task i. The identity leaves the tasks' networks separate. With
    `per_channel`, each channel has an A of its own.

    Under the rate of the other weights, A hardly leaves its start. The layer therefore stores
    A / rate, so that an optimizer's step on what is stored moves A by `rate` times as much. An
    Adam step does not depend on the gradient's scale, so A moves `rate` times as fast. Under plain
    gradient descent the gradient grows by `rate` as well, and A moves rate² times as fast: the
    default of 10 is the paper's factor of 100.

    Args:
        diagonal: A's diagonal at the start; the rest of each row is spread over the other tasks.
        per_channel: Whether each channel has a mixture of its own.
        rate: Factor of the steps, above 0.

    Call arguments:
        xs: List of one tensor for each task, of the same shape.

    Returns:
        List of one tensor for each task, of that shape.

    Raises:
        ValueError: if the rate is not above 0.
    """

    def __init__(self, diagonal=0.9, per_channel=False, rate=10.0, **kwargs):
        super().__init__(**kwargs)
        if rate <= 0:
            raise ValueError(f"rate must be above 0, but got {rate}.")
        self.diagonal, self.per_channel, self.rate = diagonal, per_channel, rate

    def build(self, input_shape):
        tasks = len(input_shape)
        channels = (input_shape[0][-1],) if self.per_channel else ()
        others = (1 - self.diagonal) / max(tasks - 1, 1)

        def start(shape, dtype):
            mixture = ops.eye(tasks, dtype=dtype) * (self.diagonal - others) + others
            mixture = ops.reshape(mixture, (tasks, tasks, *(1 for _ in channels)))
            return mixture / self.rate * ops.ones(shape, dtype)

        self.stored = self.add_weight(
            shape=(tasks, tasks, *channels), initializer=start, name="stored"
        )

    @property
    def stitches(self):
        """A, `(tasks, tasks)`, or `(tasks, tasks, channels)` with a mixture for each channel."""
        return self.rate * ops.convert_to_tensor(self.stored)

    def call(self, xs):
        stitches = ops.cast(self.stitches, xs[0].dtype)
        return [sum(stitches[i, j] * x for j, x in enumerate(xs)) for i in range(len(xs))]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        options = {"diagonal": self.diagonal, "per_channel": self.per_channel, "rate": self.rate}
        return {**super().get_config(), **options}
