"""GradNorm: weights by the norms of the tasks' gradients at the last shared layer."""

import keras
from keras import ops

from course_lib.multitask.balancing.by_gradients import GradientBalance, nothing_shared, used_by


@keras.saving.register_keras_serializable("course_lib")
class GradNorm(GradientBalance):
    """Draws w_t ‖∇L_t‖ towards mean · r_t^α, where r_t says how slowly task t is learned.

    The norms are those of the weights of the last shared layer, as in the paper; r_t is L_t over
    its first value, over the tasks' mean. Weights move down the gradient of
    Σ_t |w_t ‖∇L_t‖ − target_t|, the target held still, and are scaled to a sum of N. Chen,
    Badrinarayanan, Lee and Rabinovich, "GradNorm", ICML 2018.

    Args:
        alpha: α: 0 makes all norms equal, more gives slow tasks a larger one.
        learning_rate: Step of the weights, for a task whose norm is the mean of all.
    """

    def __init__(self, alpha=1.5, learning_rate=0.025, **kwargs):
        super().__init__(**kwargs)
        self.alpha, self.learning_rate = alpha, learning_rate

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        weights = last_shared_layer(network, tasks).trainable_weights
        self.shared = {id(weight) for weight in weights}
        self.first = self.variable("first", [0.0] * len(tasks))

    def gradients(self, pull, losses, variables):
        of_tasks = self.gradients_of_tasks(pull)
        places = [i for i, variable in enumerate(variables) if id(variable) in self.shared]
        squares = [sum(ops.sum(ops.square(each[i])) for i in places) for each in of_tasks]
        weights = ops.copy(self.weight)
        made = pull(ops.append(weights, ops.ones(1)))
        self.update(ops.sqrt(ops.stack(squares)), losses)
        return made, weights

    def update(self, norms, losses):
        """Moves the weights after a step; a step whose norms are not finite leaves them alone.

        Args:
            norms: Norms ‖∇L_t‖ of the losses' gradients, without weights, `(tasks,)`.
            losses: Losses, `(tasks,)`.
        """
        first = ops.convert_to_tensor(self.first)
        first = ops.where(first > 0, first, losses)
        seen = first > 0  # a task without labels up to now has no first loss
        ratios = ops.where(seen, losses / ops.where(seen, first, 1), 1)
        weights = ops.convert_to_tensor(self.weight)
        moved = self.moved(weights, norms, ratios)
        finite = ops.all(ops.isfinite(moved))
        self.weight.assign(ops.where(finite, moved, weights))
        self.first.assign(ops.where(finite, first, self.first))

    def moved(self, weights, norms, ratios):
        """One step of the weights.

        Args:
            weights: Weights, `(tasks,)`.
            norms: As of `update`.
            ratios: Losses over their first values, `(tasks,)`.

        Returns:
            Weights after the step, `(tasks,)`, of sum N and above zero.
        """
        weighted = weights * norms
        slowness = ratios / ops.maximum(ops.mean(ratios), 1e-12)
        target = ops.mean(weighted) * slowness**self.alpha
        slope = ops.sign(weighted - target) * norms / ops.maximum(ops.mean(norms), 1e-12)
        weights = ops.maximum(weights - self.learning_rate * slope, 1e-3)
        return len(self.tasks) * weights / ops.sum(weights)

    def get_config(self):
        own = {"alpha": self.alpha, "learning_rate": self.learning_rate}
        return {**super().get_config(), **own}


def last_shared_layer(network, tasks):
    """The layer with weights that every task depends on, furthest from the input.

    Of a stage that is a `keras.Sequential` it is the last layer with a kernel: scales and offsets
    of a normalization behind it are not meant.

    Args:
        network: A functional `keras.Model`, with a dictionary of outputs.
        tasks: Names of the outputs.

    Returns:
        A layer.

    Raises:
        ValueError: if the tasks share no layer with weights.
    """
    used = [used_by(network, task).layers for task in tasks]
    common = [
        layer
        for layer in network.layers
        if layer.trainable_weights and all(layer in layers for layers in used)
    ]
    if not common:
        raise nothing_shared(tasks)
    layer = common[-1]
    while isinstance(layer, keras.Sequential):
        layer = [
            part
            for part in layer.layers
            if any(len(weight.shape) > 1 for weight in part.trainable_weights)
        ][-1]
    return layer
