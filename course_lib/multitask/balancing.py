"""How the losses of several tasks are balanced: by weights, or by the signs of their gradients.

Any architecture with any balance is one line:

>>> import keras
>>> from course_lib.multitask import architectures
>>> inputs = keras.Input((4,))
>>> stages = [lambda name: keras.layers.Dense(8, "relu", name=name)]
>>> heads = {task: lambda name: keras.layers.Dense(1, name=name) for task in ("age", "height")}
>>> balance = Uncertainty({"age": "gaussian", "height": "gaussian"})
>>> model = Balanced(architectures.mtan(inputs, stages, heads), balance)
>>> model.compile("adam", {"age": "mse", "height": "mse"})

`fit` then reports each task's loss and weight after each epoch. Sign dropout is no balance but a
layer, `SignDropout`, between a trunk and its heads. All run on every Keras backend, apart from
`GradNorm`, which runs on TensorFlow and JAX.
"""

import keras
import numpy as np
from keras import ops

from course_lib import gradients
from course_lib.multitask.architectures import INITIAL


class Balance(keras.layers.Layer):
    """Weights the losses of tasks: Σ_t w_t L_t, with all weights 1 or as they are given.

    Args:
        weights: Dictionary from task to weight, or None.

    Call arguments:
        losses: Losses, `(tasks,)`.
        training: Whether this is a training step.

    Returns:
        A scalar tensor.
    """

    def __init__(self, weights=None, **kwargs):
        super().__init__(**kwargs)
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

    def call(self, losses, training=False):
        return ops.sum(self.weight * losses)

    def weights_now(self):
        """Returns the weight of each task's loss, `(tasks,)`, as they are now."""
        return ops.convert_to_numpy(self.weight)

    def after_epoch(self, logs):
        """Moves the weights, where a balance does so after each epoch.

        Args:
            logs: Dictionary of the epoch's losses `TASK_loss` and metrics.
        """


class RandomWeights(Balance):
    """Draws new weights for every training step: w = N softmax(z), z ~ N(0, 1).

    The mean of each weight is 1; outside of training all are 1. Lin, Ye, Zhang and Tsang,
    "Reasonable effectiveness of random weighting", TMLR 2022: the rival that a balance which claims
    to find good weights has to beat.

    Args:
        seed: Seed of the draws, or None.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, losses, training=False):
        if not training:
            return ops.sum(losses)
        drawn = keras.random.normal(ops.shape(self.weight), seed=self.seed_generator)
        self.weight.assign(len(self.tasks) * ops.softmax(drawn))
        return super().call(losses)


def _von_mises_fisher(s):
    """What the density of directions in space adds to κ (1 − cos), with κ = e^−s, but log 2π."""
    return s + ops.log(-ops.expm1(-2 * ops.exp(-s)))


# The negative log-likelihood of each noise is factor · L e^−s + penalty(s), up to a constant.
LIKELIHOODS = {
    "gaussian": (0.5, lambda s: s / 2),
    "laplace": (1.0, lambda s: s),
    "softmax": (1.0, lambda s: s / 2),
    "von mises-fisher": (1.0, _von_mises_fisher),
}


class Uncertainty(Balance):
    """Learns how noisy each task is: Σ_t of a negative log-likelihood with a scale of its own.

    Which one depends on the loss L_t. With e^s the scale:

    - `"gaussian"`, for a mean *squared* error: ½ L e^−s + ½ s, where e^s = σ².
    - `"laplace"`, for a mean *absolute* error: L e^−s + s, where e^s = b. Its density is
      e^(−|y − f| / b) / 2b, so neither term is halved.
    - `"softmax"`, for a cross entropy: L e^−s + ½ s, where e^s = σ² is a temperature of the logits.
      This one is an approximation, that of the paper.
    - `"von mises-fisher"`, for 1 − cosine of directions in space: κ L − log κ + log(1 − e^−2κ),
      where κ = e^−s is their concentration. For directions that agree well the last term vanishes,
      and what remains is the form of Laplace.

    At a constant loss the optimum of the first two is s = log L, and of the third s = log 2L:
    weights that divide each loss by itself. Kendall, Gal and Cipolla, "Multi-task learning using
    uncertainty to weigh losses", CVPR 2018, have `"gaussian"` and `"softmax"`.

    Args:
        likelihoods: Dictionary from each task to one of these names.
        losses: Dictionary from each task to its loss at the start, or None. Then s starts at log L
            (for `"softmax"` at log 2L) rather than at 0. An optimizer with rate η moves s by about
            η a step, too slow for a task whose loss is far from 1.
    """

    def __init__(self, likelihoods, losses=None, **kwargs):
        super().__init__(**kwargs)
        self.likelihoods, self.first = dict(likelihoods), losses

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        for what, given in (("likelihoods", self.likelihoods), ("losses", self.first)):
            if given is not None and set(given) != set(tasks):
                raise ValueError(
                    f"{what} has {sorted(given)}, but the model's tasks are {sorted(tasks)}: give "
                    "one for each."
                )
        if unknown := set(self.likelihoods.values()) - set(LIKELIHOODS):
            raise ValueError(
                f"A likelihood is one of {sorted(LIKELIHOODS)}, but got {sorted(unknown)}."
            )
        names = [self.likelihoods[task] for task in tasks]
        self.factor = np.array([LIKELIHOODS[name][0] for name in names], "float32")
        self.penalties = [LIKELIHOODS[name][1] for name in names]
        first = [1.0] * len(tasks) if self.first is None else [self.first[t] for t in tasks]
        doubled = [2.0 if self.first and name == "softmax" else 1.0 for name in names]
        start = np.log(np.multiply(first, doubled)).astype("float32")
        self.log_scale = self.add_weight(
            shape=(len(tasks),),
            initializer=lambda shape, dtype: ops.convert_to_tensor(start, dtype),
            name="log_scale",
        )

    def call(self, losses, training=False):
        scales = ops.convert_to_tensor(self.log_scale)
        penalties = [penalty(s) for penalty, s in zip(self.penalties, ops.unstack(scales))]
        return ops.sum(self.factor * ops.exp(-scales) * losses + ops.stack(penalties))

    def weights_now(self):
        return self.factor * np.exp(-ops.convert_to_numpy(self.log_scale))


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


class GradNorm(Balance):
    """Draws w_t ‖∇L_t‖ towards mean · r_t^α, where r_t says how slowly task t is learned.

    The norms are those of the weights of the last shared layer, as in the paper; r_t is L_t over
    its first value, over the tasks' mean. Weights move down the gradient of
    Σ_t |w_t ‖∇L_t‖ − target_t|, the target held still, and are scaled to a sum of N. Chen,
    Badrinarayanan, Lee and Rabinovich, "GradNorm", ICML 2018.

    Args:
        alpha: α: 0 makes all norms equal, more gives slow tasks a larger one.
        learning_rate: Step of the weights, for a task whose norm is the mean of all.

    Raises:
        NotImplementedError: when it is fitted on another backend than TensorFlow or JAX.
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

    def update(self, norms, losses):
        """Moves the weights after a step.

        Args:
            norms: Norms ‖∇L_t‖ of the losses' gradients, without weights, `(tasks,)`.
            losses: Losses, `(tasks,)`.
        """
        first = ops.convert_to_tensor(self.first)
        first = ops.where(first > 0, first, losses)
        self.first.assign(first)
        seen = first > 0  # a task without labels up to now has no first loss
        ratios = ops.where(seen, losses / ops.where(seen, first, 1), 1)
        self.weight.assign(self.moved(ops.convert_to_tensor(self.weight), norms, ratios))

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
        target = ops.mean(weighted) * (ratios / ops.mean(ratios)) ** self.alpha
        slope = ops.sign(weighted - target) * norms / ops.mean(norms)
        weights = ops.maximum(weights - self.learning_rate * slope, 1e-3)
        return len(self.tasks) * weights / ops.sum(weights)


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
    layer = common[-1]
    while isinstance(layer, keras.Sequential):
        layer = [
            part
            for part in layer.layers
            if any(len(weight.shape) > 1 for weight in part.trainable_weights)
        ][-1]
    return layer


@keras.saving.register_keras_serializable("course_lib")
class SignDropout(keras.layers.Layer):
    """Passes shared features on to every task's head, and lets each feature follow one sign.

    In the backward pass, G_t is the gradient of task t times the sign of the feature, summed over
    the batch. A feature listens to the tasks with G_t > 0 with the chance
    P = ½ (1 + Σ_t G_t / Σ_t |G_t|), else to those with G_t < 0; in expectation the sum of what is
    kept is Σ_t G_t. Chen, Ngiam, Huang, Luong, Kretzschmar, Chai and Anguelov, "Just pick a sign",
    NeurIPS 2020.

    Args:
        heads: Number of heads N.
        leak: Share of a gradient that passes in any case: a number, or one for each head. A task
            with a leak of 1 always keeps all of its gradient.
        over_batch: Whether to sum over the batch, as the paper does where tasks may have their
            labels on different rows. Otherwise G_t is the gradient itself, a sign for each row.
        seed: Seed of the draws, or None.

    Call arguments:
        x: Features, `(batch, ...)`.
        training: Whether gradients will be needed.

    Returns:
        List of N tensors, each of them `x`.

    Example:
        >>> import numpy as np
        >>> [float(copy[0, 0]) for copy in SignDropout(2)(np.ones((1, 1), "float32"))]
        [1.0, 1.0]
    """

    def __init__(self, heads, leak=0.0, over_batch=True, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.leak, self.over_batch, self.seed = heads, leak, over_batch, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, x, training=False):
        if not training:
            return [x] * self.heads
        shape = ops.shape(x)
        drawn = keras.random.uniform(
            (1, *shape[1:]) if self.over_batch else shape, seed=self.seed_generator
        )

        @ops.custom_gradient
        def copied(x, drawn):
            def gradient(*arguments, upstream=None):
                upstream = arguments[0] if upstream is None else upstream
                return self.combined(upstream, x, drawn), ops.zeros_like(drawn)

            return ops.stack([x] * self.heads), gradient

        return ops.unstack(copied(x, drawn), num=self.heads)

    def combined(self, of_tasks, x, drawn):
        """The gradient that the trunk receives.

        Args:
            of_tasks: Gradient of each task with respect to the features, `(heads, batch, ...)`.
            x: Features, `(batch, ...)`.
            drawn: Uniform numbers, `(1, ...)` if signs are counted over the batch, or
                `(batch, ...)`.

        Returns:
            A tensor `(batch, ...)`.
        """
        counted = of_tasks
        if self.over_batch:
            counted = ops.sum(of_tasks * ops.sign(x), axis=1, keepdims=True)
        size = ops.sum(ops.abs(counted), axis=0)
        purity = (1 + ops.sum(counted, axis=0) / ops.where(size > 0, size, 1)) / 2
        kept = ops.where(drawn < purity, counted >= 0, counted <= 0)
        leak = np.broadcast_to(np.asarray(self.leak, "float32"), (self.heads,))
        leak = leak.reshape(-1, *[1] * (len(of_tasks.shape) - 1))
        return ops.sum((leak + (1 - leak) * ops.cast(kept, of_tasks.dtype)) * of_tasks, axis=0)

    def compute_output_shape(self, input_shape):
        return [input_shape] * self.heads

    def get_config(self):
        own = {name: getattr(self, name) for name in ("heads", "leak", "over_batch", "seed")}
        return {**super().get_config(), **own}


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
            Losses, `(tasks,)`.
        """
        losses = []
        for task in self.tasks:
            answers = [y_pred[name] for name in (task, INITIAL + task) if name in y_pred]
            losses.append(sum(self.loss_of[task](y[task], answer) for answer in answers))
        return ops.stack(losses)

    def total(self, losses, training=True):
        """What is minimized: the balanced losses, and what regularizers add.

        Args:
            losses: Losses of the tasks, `(tasks,)`; they enter the logs.
            training: Whether this is a training step.

        Returns:
            A scalar tensor.
        """
        for metric, loss in zip(self.task_losses.values(), ops.unstack(losses)):
            metric.update_state(loss)
        return self.balance(losses, training=training) + sum(self.losses)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return self.total(self.losses_of_tasks(y, y_pred), training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        answers = {task: y_pred[task] for task in self.tasks}
        return super().compute_metrics(x, y, answers, sample_weight)

    def train_step(self, *args):
        if isinstance(self.balance, GradNorm):
            return gradients.step_with_norms(self, super().train_step, *args)
        return super().train_step(*args)


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
