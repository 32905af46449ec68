"""A network of several tasks that `fit` trains on their balanced losses."""

import keras
from keras import ops, tree

from course_lib.keras_internals import loss_tracker
from course_lib.multitask.architectures import INITIAL
from course_lib.multitask.balancing.balance import Balance


@keras.saving.register_keras_serializable("course_lib")
class Balanced(keras.Model):
    """A network of several tasks, trained on their balanced losses by `compile` and `fit`.

    A network may answer a task twice, as `TASK` and `initial_TASK` (as `pad_net` does); both
    answers' losses then make the task's. In inference there is one for each task.

    A loss is a mean over the rows of a batch, and what `fit` logs is a mean over all rows of the
    epoch. `sample_weight` is one array for all tasks, or a dictionary from task to array.

    Args:
        network: A functional `keras.Model` whose outputs are a dictionary from task to prediction,
            such as those of `architectures`.
        balance: A new `Balance`; equal weights if None.

    Raises:
        ValueError: if the balance belongs to another model already, or does not fit the network.
    """

    def __init__(self, network, balance=None, **kwargs):
        super().__init__(**{"dtype": network.dtype_policy, **kwargs})
        self.network = network
        self.tasks = tuple(sorted(task for task in network.output if not task.startswith(INITIAL)))
        self.balance = Balance() if balance is None else balance
        if self.balance.built:
            raise ValueError("This balance belongs to another model: make a new one for each.")
        self.balance.prepare(network, self.tasks)
        self.task_losses = {task: keras.metrics.Mean(f"{task}_loss") for task in self.tasks}
        self.built = True

    def compile(self, optimizer="adam", loss=None, **options):
        """As for `keras.Model`.

        Args:
            optimizer: As for `keras.Model`.
            loss: Dictionary from each task to its loss.
            **options: As for `keras.Model`, without `loss_weights`, which the balance has.

        Raises:
            ValueError: if `loss` does not name each task.
        """
        if not isinstance(loss, dict) or set(loss) != set(self.tasks):
            raise ValueError(
                f"loss should be a dictionary with a loss for each of {list(self.tasks)}, but got "
                f"{loss!r}."
            )
        self.given_losses = keras.saving.serialize_keras_object(loss)
        self.loss_of = {task: _as_loss(loss[task]) for task in self.tasks}
        super().compile(optimizer, **options)
        self.optimizer.build(self.trainable_variables)  # or the first step is traced twice

    def fit(self, *args, callbacks=None, class_weight=None, **kwargs):
        """As for `keras.Model`; the logs hold each task's loss and weight, `TASK_weight`.

        Raises:
            ValueError: for `class_weight`: tasks have different classes, or none.
        """
        if class_weight is not None:
            raise ValueError(
                f"class_weight cannot say which of the tasks {list(self.tasks)} it means: give "
                "sample_weight, a dictionary from task to the weight of each row."
            )
        return super().fit(*args, callbacks=[_AfterEpoch(), *(callbacks or ())], **kwargs)

    def call(self, inputs, training=False):
        answers = self.network(inputs, training=training)
        return answers if training else {task: answers[task] for task in self.tasks}

    def train_step(self, *args):
        return self.balance.train_step(self, super().train_step, *args)

    def losses_of_tasks(self, y, y_pred, sample_weight=None):
        """Loss of each task on a batch.

        Args:
            y: Dictionary from task to labels.
            y_pred: Dictionary of predictions, as from the network.
            sample_weight: Weights of the rows, `(batch,)`, a dictionary of them, or None.

        Returns:
            Losses, `(tasks,)` float32.

        Raises:
            ValueError: if a task has no labels.
        """
        if missing := sorted(set(self.tasks) - set(y)):
            raise ValueError(f"The labels are of {sorted(y)}, but those of {missing} are missing.")
        losses = []
        for task in self.tasks:
            weight = sample_weight
            if isinstance(sample_weight, dict):
                weight = sample_weight.get(task)
            answers = [y_pred[name] for name in (task, INITIAL + task) if name in y_pred]
            losses.append(sum(self.loss_of[task](y[task], answer, weight) for answer in answers))
        return ops.stack([ops.cast(loss, "float32") for loss in losses])

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        losses = self.losses_of_tasks(y, y_pred, sample_weight)
        self._log_losses(x, losses)
        return self.balance(losses, training=training) + _sum(self.losses)

    def values_of(self, y, y_pred, sample_weight, penalties):
        """The losses of all tasks, and the sum of what regularizers add, `(tasks + 1,)`."""
        losses = self.losses_of_tasks(y, y_pred, sample_weight)
        return ops.append(losses, ops.reshape(_sum(penalties), (1,)))

    def gradients_of(self, pull, values):
        """What the balance makes of the tasks' gradients, and the loss that belongs to it."""
        gradients, weights = self.balance.gradients(pull, values[:-1], self.trainable_variables)
        return gradients, ops.sum(weights * values[:-1]) + values[-1]

    def logs_of(self, x, y, y_pred, sample_weight, values, total):
        """The logs of a step whose losses and penalties are known."""
        self._log_losses(x, values[:-1])
        loss_tracker(self).update_state(total, sample_weight=_rows(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def _log_losses(self, x, losses):
        for metric, loss in zip(self.task_losses.values(), ops.unstack(losses, len(self.tasks))):
            metric.update_state(loss, sample_weight=_rows(x))

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        answers = {task: y_pred[task] for task in self.tasks}
        return super().compute_metrics(x, y, answers, sample_weight)

    def get_config(self):
        parts = {"network": self.network, "balance": self.balance}
        parts = {name: keras.saving.serialize_keras_object(part) for name, part in parts.items()}
        return {**super().get_config(), **parts}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        parts = {
            name: keras.saving.deserialize_keras_object(config[name], custom_objects)
            for name in ("network", "balance")
        }
        return cls(**{**config, **parts})

    def get_compile_config(self):
        return {**super().get_compile_config(), "loss": self.given_losses}

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))


def _rows(x):
    """Number of rows of a batch."""
    return ops.shape(tree.flatten(x)[0])[0]


def _sum(penalties):
    """The sum of what regularizers add, a scalar tensor float32."""
    return sum((ops.cast(penalty, "float32") for penalty in penalties), ops.zeros(()))


def _as_loss(loss):
    loss = keras.losses.get(loss)
    return loss if isinstance(loss, keras.losses.Loss) else _FromFunction(loss)


class _FromFunction(keras.losses.Loss):
    """A loss that is a function of labels and predictions, with what Keras does to weights."""

    def __init__(self, function):
        super().__init__(name="loss")
        self.call = function


class _AfterEpoch(keras.callbacks.Callback):
    """Logs the weights of an epoch, and then lets the balance move them."""

    def on_epoch_end(self, epoch, logs=None):
        balance = self.model.balance
        logs.update(
            {f"{task}_weight": float(w) for task, w in zip(balance.tasks, balance.weights_now())}
        )
        balance.after_epoch(logs)
