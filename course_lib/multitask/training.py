"""Two ways to train on tasks that do not share their inputs (one label per input)."""

import keras
import numpy as np
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class MethodOne(keras.Model):
    """Accumulates the gradients of all tasks, then takes one step: on Σ_t ∇L_t.

    Made from a model's inputs and outputs, as any Keras model. The gradient of a sum is the sum of
    the gradients, so one backward pass over a batch with rows of every task accumulates them all;
    each row counts by one over its task's rows in the batch, or by its share of their
    `sample_weight`. `fit(..., batch_size=len(y))` takes one step an epoch over all rows. `evaluate`
    reports Σ_t L_t, too, averaged over batches.

    Args:
        inputs: Inputs `[x, task]` of a model in `sharing`.
        outputs: Its output.
        tasks: Number of tasks.

    Example:
        >>> from course_lib.multitask import sharing
        >>> model = sharing.shared_trunk(tasks=3, features=4, hidden=[8])
        >>> model = MethodOne(model.inputs, model.outputs, tasks=3)
        >>> model.compile("adam", "mse")
    """

    def __init__(self, inputs, outputs, tasks, **kwargs):
        super().__init__(inputs, outputs, **kwargs)
        self.tasks = tasks

    def train_step(self, *args):
        *state, data = args  # JAX hands its state over, TensorFlow and PyTorch do not
        return super().train_step(*state, self._weighted(data))

    def test_step(self, *args):
        *state, data = args
        return super().test_step(*state, self._weighted(data))

    def _weighted(self, data):
        """A batch whose loss, a mean over rows, is the sum of the tasks' means."""
        inputs, y, weight = keras.utils.unpack_x_y_sample_weight(data)
        task = inputs[1]
        weight = ops.ones(ops.shape(task)) if weight is None else ops.cast(weight, "float32")
        of_task = ops.segment_sum(weight, task, num_segments=self.tasks)
        share = ops.divide_no_nan(weight, ops.take(of_task, task))
        return inputs, y, ops.cast(ops.size(task), weight.dtype) * share

    def get_config(self):
        network = keras.Model(self.inputs, self.outputs)
        return {
            "network": keras.saving.serialize_keras_object(network),
            "tasks": self.tasks,
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        network = keras.saving.deserialize_keras_object(config.pop("network"))
        return cls(network.inputs, network.outputs, **config)


class MethodTwo(keras.utils.PyDataset):
    """Batches of one random task each, for `fit`: every step follows one task's gradient.

    The step itself is Keras's own. Drawn uniformly, the expected step is Method One's divided by
    the number of tasks; drawn by size, large tasks count for more, as they do in a mean over all
    rows.

    Args:
        x: Features, `(rows, features)`.
        task: Number of each row's task, `(rows,)` integer.
        y: Labels, `(rows,)`.
        draw: `"uniform"` or `"size"`: whether all tasks are drawn equally often, or each as often
            as it has rows.
        batch_size: Rows in a batch, drawn with replacement from the task's rows.
        steps: Batches in an epoch.
        seed: Seed of all draws; epochs and batches differ.

    Raises:
        ValueError: if `draw` is another word.
    """

    def __init__(self, x, task, y, draw, batch_size=32, steps=100, seed=0, **kwargs):
        super().__init__(**kwargs)
        if draw not in ("uniform", "size"):
            raise ValueError(f"draw is 'uniform' or 'size', but got {draw!r}.")
        self.x, self.task, self.y = x, task, y
        _, sizes = np.unique(task, return_counts=True)
        self.shares = sizes / sizes.sum() if draw == "size" else np.full(len(sizes), 1 / len(sizes))
        self.batch_size, self.steps, self.seed, self.epoch = batch_size, steps, seed, 0
        self.rows = np.split(np.argsort(task, kind="stable"), np.cumsum(sizes)[:-1])

    def __len__(self):
        return self.steps

    def __getitem__(self, step):
        rng = np.random.default_rng([self.seed, self.epoch, step])
        rows = rng.choice(self.rows[rng.choice(len(self.rows), p=self.shares)], self.batch_size)
        return (self.x[rows], self.task[rows]), self.y[rows]

    def on_epoch_end(self):
        self.epoch += 1
