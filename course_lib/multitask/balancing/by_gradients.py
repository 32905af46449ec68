"""Balances that look at the gradients of single tasks."""

import keras
from keras import ops

from course_lib.gradients import steps
from course_lib.multitask.architectures import INITIAL
from course_lib.multitask.balancing.balance import Balance


class GradientBalance(Balance):
    """A balance of the tasks' gradients; its models train by `gradients.steps.by_tasks`."""

    def train_step(self, model, step, *args):
        return steps.by_tasks(model, *args)

    def gradients(self, pull, losses, variables):
        """What the tasks' gradients are made into.

        Args:
            pull: Function from coefficients of the losses and of the penalties, `(tasks + 1,)`, to
                the gradient of their weighted sum, a list with a tensor for each variable.
            losses: Losses, `(tasks,)`.
            variables: The trainable variables of the model, a list.

        Returns:
            A list with a tensor for each variable, and the weights `(tasks,)` that it goes with.
        """
        raise NotImplementedError(f"{type(self).__name__} makes nothing of gradients.")

    def gradients_of_tasks(self, pull):
        """List of each task's gradient, without weights and penalties."""
        return [pull(row) for row in ops.unstack(ops.eye(len(self.tasks), len(self.tasks) + 1))]


def used_by(network, task):
    """The part of a network that a task depends on, a functional `keras.Model`."""
    names = [name for name in (task, INITIAL + task) if name in network.output]
    return keras.Model(network.input, [network.output[name] for name in names])


def nothing_shared(tasks):
    """The error for tasks that share no weights."""
    return ValueError(
        f"The tasks {list(tasks)} share no layer with weights, so there is no gradient to "
        "balance. Use an architecture that shares one, or another balance."
    )
