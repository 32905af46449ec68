"""What all balances have in common, and the simplest of them: weights that stay."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class Balance(keras.layers.Layer):
    """Weights the losses of tasks: Σ_t w_t L_t, with all weights 1 or as they are given.

    All that a balance learns is kept in weights of the layer, so that it is saved with the model.

    Args:
        weights: Dictionary from task to weight, or None.

    Call arguments:
        losses: Losses, `(tasks,)` float32.
        training: Whether this is a training step.

    Returns:
        A scalar tensor.
    """

    def __init__(self, weights=None, **kwargs):
        # Losses are numbers of all sizes, and never computed in half precision.
        super().__init__(**{**kwargs, "dtype": "float32"})
        self.given = weights

    def prepare(self, network, tasks):
        """Creates the balance's variables, once the tasks are known.

        Args:
            network: The functional `keras.Model` that is to be trained.
            tasks: Names of its tasks.

        Raises:
            ValueError: if the weights that were given are those of other tasks.
        """
        self.tasks = tuple(tasks)
        self.check_tasks("weights", self.given)
        start = [1.0 if self.given is None else self.given[task] for task in tasks]
        self.weight = self.variable("weight", start)
        self.built = True

    def check_tasks(self, what, given):
        """Raises a `ValueError` if a dictionary, or None, names other tasks than the model's."""
        if given is not None and set(given) != set(self.tasks):
            raise ValueError(
                f"{what} has {sorted(given)}, but the model's tasks are {sorted(self.tasks)}: give "
                "one for each."
            )

    def variable(self, name, start, trainable=False):
        """A new weight of the layer with a value for each task, `(tasks,)`."""
        return self.add_weight(
            shape=(len(start),),
            initializer=lambda shape, dtype: ops.convert_to_tensor(start, dtype),
            trainable=trainable,
            name=name,
        )

    def call(self, losses, training=False):
        return ops.sum(self.weight * losses)

    def weights_now(self):
        """Returns the weight of each task's loss, `(tasks,)`, as they are now."""
        return ops.convert_to_numpy(self.weight)

    def train_step(self, model, step, *args):
        """Trains a model on one batch; balances that look at more than losses do it their own way.

        Args:
            model: The `Balanced` model.
            step: The `train_step` of `keras.Model`.
            *args: What Keras passes to `train_step`: the batch, on JAX after the state.

        Returns:
            What `train_step` returns.
        """
        return step(*args)

    def after_epoch(self, logs):
        """Moves the weights, where a balance does so after each epoch.

        Args:
            logs: Dictionary of the epoch's losses `TASK_loss` and metrics.
        """

    def get_config(self):
        return {**super().get_config(), "weights": self.given}
