"""How the losses of several tasks are balanced: by weights, or by their gradients.

Any architecture with any balance is one line:

>>> import keras
>>> from course_lib.multitask import architectures
>>> inputs = keras.Input((4,))
>>> stages = [lambda name: keras.layers.Dense(8, "relu", name=name)]
>>> heads = {task: lambda name: keras.layers.Dense(1, name=name) for task in ("age", "height")}
>>> model = Balanced(architectures.mtan(inputs, stages, heads), Uncertainty())
>>> model.compile("adam", {"age": "mse", "height": "mse"})

`fit` then reports each task's loss and weight after each epoch. The balances that weigh losses run
on every Keras backend, those that look at gradients on TensorFlow.
"""

import keras
import numpy as np
from keras import ops

from course_lib.multitask import gradients
from course_lib.multitask.architectures import INITIAL


class Balance(keras.layers.Layer):
    """Weighs the losses of tasks: Σ_t w_t L_t, with all weights 1 or as they are given.

    Args:
        weights: Dictionary from task to weight, or None.

    Call arguments:
        losses: Losses, `(tasks,)`.

    Returns:
        A scalar tensor.
    """

    def __init__(self, weights=None, **kwargs):
        super().__init__(**kwargs)
        self.given = weights

    def prepare(self, network, tasks):
        """Learns which tasks there are.

        Args:
            network: The functional `keras.Model` that is to be trained.
            tasks: Names of its tasks.

        Raises:
            ValueError: if the weights that were given are those of other tasks.
        """
        self.tasks = tuple(tasks)
        if self.given is not None and set(self.given) != set(tasks):
            raise ValueError(
                f"Weights are given for {sorted(self.given)}, but the model's tasks are "
                f"{sorted(tasks)}: give one for each."
            )
        start = [1.0 if self.given is None else self.given[task] for task in tasks]
        self.weight = self.add_weight(
            shape=(len(tasks),),
            initializer=lambda shape, dtype: ops.convert_to_tensor(start, dtype),
            trainable=False,
            name="weight",
        )
        self.built = True

    def call(self, losses):
        return ops.sum(self.weight * losses)

    def weights_now(self):
        """Returns the weight of each task's loss, `(tasks,)`, as they are now."""
        return ops.convert_to_numpy(self.weight)

    def after_epoch(self, logs):
        """Moves the weights, where a balance does so after each epoch.

        Args:
            logs: Dictionary of the epoch's losses `TASK_loss` and metrics.
        """


class Uncertainty(Balance):
    """Learns a variance for each task: Σ_t L_t / (2 e^{s_t}) + s_t / 2, with s_t = log σ_t².

    Of classification, the likelihood gives L_t / e^{s_t} + s_t / 2. At a constant loss the optimum
    is s = log L, for a classification log 2L: weights that divide each loss by itself. Kendall, Gal
    and Cipolla, "Multi-task learning using uncertainty to weigh losses", CVPR 2018.

    Args:
        classifications: Names of the tasks that classify.
    """

    def __init__(self, classifications=(), **kwargs):
        super().__init__(**kwargs)
        self.classifications = tuple(classifications)

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        if unknown := set(self.classifications) - set(tasks):
            raise ValueError(
                f"classifications names {sorted(unknown)}, but the tasks are {sorted(tasks)}."
            )
        self.factor = np.array(
            [1.0 if task in self.classifications else 0.5 for task in tasks], "float32"
        )
        self.log_variance = self.add_weight(
            shape=(len(tasks),), initializer="zeros", name="log_variance"
        )

    def call(self, losses):
        precision = ops.exp(-self.log_variance)
        return ops.sum(self.factor * precision * losses + self.log_variance / 2)

    def weights_now(self):
        return self.factor * np.exp(-ops.convert_to_numpy(self.log_variance))


class DynamicWeightAverage(Balance):
    """Gives more weight to tasks whose loss falls slowly: w = N softmax(r / T).

    r_t = L_t(e−1) / L_t(e−2) compares the means of task t's loss over the last two epochs; in the
    first two epochs all weights are 1. Liu, Johns and Davison, "End-to-end multi-task learning with
    attention", CVPR 2019.

    Args:
        temperature: T; the larger, the more equal the weights.
    """

    def __init__(self, temperature=2.0, **kwargs):
        super().__init__(**kwargs)
        self.temperature = temperature
        self.before = None

    def after_epoch(self, logs):
        now = np.array([logs[f"{task}_loss"] for task in self.tasks])
        if self.before is not None:
            ratio = now / self.before
            share = np.exp((ratio - ratio.max()) / self.temperature)
            self.weight.assign(len(ratio) * share / share.sum())
        self.before = now


class TaskPrioritization(Balance):
    """Gives more weight to tasks that are done badly: w_t = −(1 − κ_t)^γ log κ_t.

    κ_t is a moving average, over epochs, of a measure of how well the task is done, from 0 to 1.
    Guo, Haque, Huang, Yeung and Fei-Fei, "Dynamic task prioritization for multitask learning", ECCV
    2018.

    Args:
        measures: Dictionary from task to the name of its measure in the logs of `fit`, such as
            `"TASK_accuracy"`.
        gamma: γ of the focal loss.
        momentum: Share of the moving average that stays after each epoch.
        floor: Smallest κ, above zero.
    """

    def __init__(self, measures, gamma=1.0, momentum=0.5, floor=0.01, **kwargs):
        super().__init__(**kwargs)
        self.measures, self.gamma, self.momentum = dict(measures), gamma, momentum
        self.floor, self.average = floor, None

    def after_epoch(self, logs):
        measures = [self.measures.get(task) for task in self.tasks]
        if absent := [measure for measure in measures if measure not in logs]:
            raise ValueError(
                f"TaskPrioritization needs a measure of each of {list(self.tasks)}, but the logs "
                f"of fit have no {absent}. They have {sorted(logs)}: add metrics to compile."
            )
        now = np.array([logs[measure] for measure in measures])
        kept = now if self.average is None else self.average
        self.average = self.momentum * kept + (1 - self.momentum) * now
        kappa = np.clip(self.average, self.floor, 1)
        self.weight.assign(-((1 - kappa) ** self.gamma) * np.log(kappa))


class GradientBalance(Balance):
    """A balance that looks at the gradient of each task's loss."""

    def gradient(self, tape, losses, total, penalty, variables):
        """The gradient that the optimizer follows.

        Args:
            tape: The tape of `gradients.tape`, under which all losses were computed.
            losses: List of the tasks' losses, scalar tensors.
            total: The weighted sum of them and the penalty.
            penalty: Sum of what regularizers add to the loss.
            variables: The model's trainable variables.

        Returns:
            List of one tensor for each variable.
        """
        raise NotImplementedError


class GradNorm(GradientBalance):
    """Draws w_t ‖∇L_t‖ towards mean · r_t^α, where r_t says how slowly task t is learned.

    The norms are those of the last shared layer's weights; r_t is L_t over its first value, over
    the tasks' mean. Weights move down the gradient of Σ_t |w_t ‖∇L_t‖ − target_t|, the target
    held still, and are scaled to a sum of N. Chen, Badrinarayanan, Lee and Rabinovich, "GradNorm",
    ICML 2018.

    Args:
        alpha: α: 0 makes all norms equal, more gives slow tasks a larger one.
        learning_rate: Step of the weights, for a task whose norm is the mean of all.
    """

    def __init__(self, alpha=1.5, learning_rate=0.025, **kwargs):
        super().__init__(**kwargs)
        self.alpha, self.learning_rate = alpha, learning_rate

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        self.shared = last_shared_layer(network, tasks).trainable_weights
        self.first = self.add_weight(
            shape=(len(tasks),), initializer="zeros", trainable=False, name="first"
        )

    def gradient(self, tape, losses, total, penalty, variables):
        of_tasks = gradients.of_each(tape, losses, self.shared)
        norms = ops.stack([ops.sqrt(sum(ops.sum(g**2) for g in task)) for task in of_tasks])
        losses = ops.stack(losses)
        self.first.assign(ops.where(self.first > 0, self.first, losses))
        self.weight.assign(self.moved(self.weight, norms, losses / self.first))
        return gradients.of_each(tape, [total], variables)[0]

    def moved(self, weights, norms, ratios):
        """One step of the weights.

        Args:
            weights: Weights, `(tasks,)`.
            norms: Norms ‖∇L_t‖ of the losses' gradients, without weights, `(tasks,)`.
            ratios: Losses over their first values, `(tasks,)`.

        Returns:
            Weights after the step, `(tasks,)`, of sum N and above zero.
        """
        weighted = weights * norms
        target = ops.mean(weighted) * (ratios / ops.mean(ratios)) ** self.alpha
        slope = ops.sign(weighted - target) * norms / ops.mean(norms)
        weights = ops.maximum(weights - self.learning_rate * slope, 1e-3)
        return len(self.tasks) * weights / ops.sum(weights)


class SignDropout(GradientBalance):
    """Lets each entry of the gradient follow one sign, where the tasks' signs differ.

    The positive parts of the tasks' gradients are kept with the chance P = ½ (1 + Σg / Σ|g|), else
    the negative ones; in expectation that is their sum. Chen, Ngiam, Huang, Luong, Kretzschmar,
    Chai and Anguelov, "Just pick a sign", NeurIPS 2020, who draw for features of the last shared
    layer; here it is done for each weight, so that any architecture will do.

    Args:
        seed: Seed of the draws, or None.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def gradient(self, tape, losses, total, penalty, variables):
        *of_tasks, regular = gradients.of_each(tape, [*losses, penalty], variables)
        return [self.kept(ops.stack(same)) + own for *same, own in zip(*of_tasks, regular)]

    def kept(self, of_tasks):
        """Draws signs.

        Args:
            of_tasks: Gradients, `(tasks, ...)`.

        Returns:
            Sum over tasks of the entries that have the sign drawn, `(...)`.
        """
        size = ops.sum(ops.abs(of_tasks), axis=0)
        purity = (1 + ops.sum(of_tasks, axis=0) / ops.where(size > 0, size, 1)) / 2
        positive = keras.random.uniform(ops.shape(purity), seed=self.seed_generator) < purity
        return ops.sum(
            ops.where(positive, ops.maximum(of_tasks, 0), ops.minimum(of_tasks, 0)), axis=0
        )


def last_shared_layer(network, tasks):
    """The layer furthest from the input whose weights every task depends on.

    Args:
        network: A functional `keras.Model`, with a dictionary of outputs.
        tasks: Names of the outputs.

    Returns:
        A layer.

    Raises:
        ValueError: if the tasks share no layer with weights.
    """
    used = [keras.Model(network.input, network.output[task]).layers for task in tasks]
    common = [
        layer
        for layer in network.layers
        if layer.trainable_weights and all(layer in layers for layers in used)
    ]
    if not common:
        raise ValueError(
            f"The tasks {list(tasks)} share no layer with weights, so there is no gradient to "
            "balance. Use an architecture that shares one, or another balance."
        )
    return common[-1]


class Balanced(keras.Model):
    """A network of several tasks, trained on their balanced losses by `compile` and `fit`.

    A network may answer a task twice, as `TASK` and `initial_TASK` (as `pad_net` does); both
    answers' losses then make the task's. In inference there is one for each task.

    Args:
        network: A functional `keras.Model` whose outputs are a dictionary from task to prediction,
            such as those of `architectures`.
        balance: A new `Balance`; equal weights if None.

    Raises:
        ValueError: if the balance belongs to another model already, or does not fit the network.
    """

    def __init__(self, network, balance=None, **kwargs):
        super().__init__(**kwargs)
        self.network = network
        self.tasks = tuple(task for task in network.output if not task.startswith(INITIAL))
        self.balance = Balance() if balance is None else balance
        if self.balance.built:
            raise ValueError("This balance belongs to another model: make a new one for each.")
        self.balance.prepare(network, self.tasks)
        self.task_losses = {task: keras.metrics.Mean(f"{task}_loss") for task in self.tasks}

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
        self.loss_of = {task: _mean_of(loss[task]) for task in self.tasks}
        super().compile(optimizer, **options)
        self.optimizer.build(self.trainable_variables)  # or the first step is traced twice

    def fit(self, *args, callbacks=None, **kwargs):
        """As for `keras.Model`; the logs hold each task's loss and weight, `TASK_weight`."""
        return super().fit(*args, callbacks=[_AfterEpoch(), *(callbacks or ())], **kwargs)

    def call(self, inputs, training=False):
        answers = self.network(inputs, training=training)
        return answers if training else {task: answers[task] for task in self.tasks}

    def losses_of_tasks(self, y, y_pred):
        """Loss of each task on a batch.

        Args:
            y: Dictionary from task to labels.
            y_pred: Dictionary of predictions, as from the network.

        Returns:
            List of one scalar tensor for each task.
        """
        losses = []
        for task in self.tasks:
            answers = [y_pred[name] for name in (task, INITIAL + task) if name in y_pred]
            losses.append(sum(self.loss_of[task](y[task], answer) for answer in answers))
            self.task_losses[task].update_state(losses[-1])
        return losses

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.balance(ops.stack(self.losses_of_tasks(y, y_pred))) + sum(self.losses)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        answers = {task: y_pred[task] for task in self.tasks}
        return super().compute_metrics(x, y, answers, sample_weight)

    def train_step(self, *args):
        if not isinstance(self.balance, GradientBalance):
            return super().train_step(*args)
        with gradients.tape() as tape:
            x, y, _ = keras.utils.unpack_x_y_sample_weight(args[-1])
            y_pred = self(x, training=True)
            losses = self.losses_of_tasks(y, y_pred)
            penalty = ops.convert_to_tensor(sum(self.losses), "float32")
            total = self.balance(ops.stack(losses)) + penalty
        variables = self.trainable_variables
        self.optimizer.apply(
            self.balance.gradient(tape, losses, total, penalty, variables), variables
        )
        next(metric for metric in self.metrics if metric.name == "loss").update_state(total)
        return self.compute_metrics(x, y, y_pred)


def _mean_of(loss):
    """The loss by its name, as a function of labels and predictions that returns a scalar."""
    loss = keras.losses.get(loss)
    return loss if isinstance(loss, keras.losses.Loss) else lambda y, p: ops.mean(loss(y, p))


class _AfterEpoch(keras.callbacks.Callback):
    """Logs the weights of an epoch, and then lets the balance move them."""

    def on_epoch_end(self, epoch, logs=None):
        balance = self.model.balance
        logs.update(
            {f"{task}_weight": float(w) for task, w in zip(balance.tasks, balance.weights_now())}
        )
        balance.after_epoch(logs)
