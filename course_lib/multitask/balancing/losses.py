"""Balances that look at the tasks' losses, and at nothing else."""

import keras
import numpy as np
from keras import ops

from course_lib.gradients import steps
from course_lib.multitask.balancing.balance import Balance
from course_lib.seeds import SavesDraws


@keras.saving.register_keras_serializable("course_lib")
class RandomWeights(SavesDraws, Balance):
    """Draws new weights for every training step: w = N softmax(z), z ~ N(0, 1).

    The mean of each weight is 1; outside of training all are 1. Lin, Ye, Zhang and Tsang,
    "Reasonable effectiveness of random weighting", TMLR 2022: the rival that a balance which claims
    to find good weights has to beat.

    Args:
        seed: Seed of the draws, or None.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, losses, training=False):
        if not training:
            return ops.sum(losses)
        drawn = keras.random.normal(ops.shape(self.weight), seed=self.seed_generator)
        self.weight.assign(len(self.tasks) * ops.softmax(drawn))
        return super().call(losses)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


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


@keras.saving.register_keras_serializable("course_lib")
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
        self.check_tasks("likelihoods", self.likelihoods)
        self.check_tasks("losses", self.first)
        if unknown := set(self.likelihoods.values()) - set(LIKELIHOODS):
            raise ValueError(
                f"A likelihood is one of {sorted(LIKELIHOODS)}, but got {sorted(unknown)}."
            )
        names = [self.likelihoods[task] for task in tasks]
        self.factor = np.array([LIKELIHOODS[name][0] for name in names], "float32")
        self.penalties = [LIKELIHOODS[name][1] for name in names]
        first = [1.0] * len(tasks) if self.first is None else [self.first[t] for t in tasks]
        if min(first) <= 0:
            raise ValueError(f"The first losses must be above 0, but got {self.first}.")
        doubled = [2.0 if self.first and name == "softmax" else 1.0 for name in names]
        start = np.log(np.multiply(first, doubled))
        self.log_scale = self.variable("log_scale", start, trainable=True)

    def call(self, losses, training=False):
        scales = ops.convert_to_tensor(self.log_scale)
        penalties = [penalty(s) for penalty, s in zip(self.penalties, ops.unstack(scales))]
        factor = ops.convert_to_tensor(self.factor)
        return ops.sum(factor * ops.exp(-scales) * losses + ops.stack(penalties))

    def weights_now(self):
        return self.factor * np.exp(-ops.convert_to_numpy(self.log_scale))

    def get_config(self):
        return {**super().get_config(), "likelihoods": self.likelihoods, "losses": self.first}


@keras.saving.register_keras_serializable("course_lib")
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

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        self.before = self.variable("before", [0.0] * len(tasks))

    def after_epoch(self, logs):
        now = np.array([logs[f"{task}_loss"] for task in self.tasks])
        before = ops.convert_to_numpy(self.before)
        if np.any(before > 0):  # from the second epoch on
            ratio = np.divide(now, before, out=np.ones_like(now), where=before > 0)
            share = np.exp((ratio - ratio.max()) / self.temperature)
            self.weight.assign(len(ratio) * share / share.sum())
        self.before.assign(now)

    def get_config(self):
        return {**super().get_config(), "temperature": self.temperature}


@keras.saving.register_keras_serializable("course_lib")
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
        self.floor = floor

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        self.average = self.variable("average", [-1.0] * len(tasks))  # none yet

    def after_epoch(self, logs):
        measures = [self.measures.get(task) for task in self.tasks]
        if absent := [measure for measure in measures if measure not in logs]:
            raise ValueError(
                f"TaskPrioritization needs a measure of each of {list(self.tasks)}, but the logs "
                f"of fit have no {absent}. They have {sorted(logs)}: add metrics to compile."
            )
        now = np.array([logs[measure] for measure in measures])
        average = ops.convert_to_numpy(self.average)
        kept = np.where(average < 0, now, average)
        average = self.momentum * kept + (1 - self.momentum) * now
        self.average.assign(average)
        kappa = np.clip(average, self.floor, 1)
        self.weight.assign(-((1 - kappa) ** self.gamma) * np.log(kappa))

    def get_config(self):
        own = {name: getattr(self, name) for name in ("measures", "gamma", "momentum", "floor")}
        return {**super().get_config(), **own}


@keras.saving.register_keras_serializable("course_lib")
class FAMO(Balance):
    """Lets all losses fall at one relative rate, for the price of losses alone.

    With z = softmax(ξ) the weights are w_t = N c z_t / L_t, c = 1 / Σ_t (z_t / L_t): they sum to
    N, and follow the gradient of Σ_t z_t log L_t. After each step the same batch says by how much
    each log L_t fell, Δ_t, and ξ moves towards tasks that fell less: ξ ← ξ − β (Jᵀ Δ + γ ξ), with J
    the Jacobian of the softmax. Where all fall at one rate, nothing moves. Liu, Feng, Stone and
    Liu, "FAMO: fast adaptive multitask optimization", NeurIPS 2023.

    A task that has no label in a batch, and so a loss of 0, is left out of the step.

    Args:
        learning_rate: β, the step of ξ.
        decay: γ, which draws the weights back to those at ξ = 0.
    """

    def __init__(self, learning_rate=0.025, decay=1e-3, **kwargs):
        super().__init__(**kwargs)
        self.learning_rate, self.decay = learning_rate, decay

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        self.logits = self.variable("logits", [0.0] * len(tasks))
        self.before = self.variable("before", [0.0] * len(tasks))

    def call(self, losses, training=False):
        if training:
            self.weight.assign(self.weights_of(ops.stop_gradient(losses)))
            self.before.assign(losses)
        return super().call(losses)

    def weights_of(self, losses):
        """Weights that belong to losses, `(tasks,)` each."""
        present = ops.cast(losses > 0, losses.dtype)
        share = ops.softmax(ops.convert_to_tensor(self.logits))
        over = present * share / ops.where(losses > 0, losses, 1)
        return ops.sum(present) * over / ops.maximum(ops.sum(over), 1e-30)

    def after_step(self, losses):
        """Moves ξ.

        Args:
            losses: Losses on the batch of the step after it, `(tasks,)`.
        """
        before = ops.convert_to_tensor(self.before)
        logits = ops.convert_to_tensor(self.logits)
        known = ops.logical_and(before > 0, losses > 0)
        fallen = ops.log(ops.where(known, before / ops.where(known, losses, 1), 1))
        share = ops.softmax(logits)
        slope = share * (fallen - ops.sum(share * fallen))
        self.logits.assign(logits - self.learning_rate * (slope + self.decay * logits))

    def train_step(self, model, step, *args):
        return steps.and_look_back(model, step, *args)

    def get_config(self):
        own = {"learning_rate": self.learning_rate, "decay": self.decay}
        return {**super().get_config(), **own}
