"""Balances made of the inner products of the tasks' gradients, their Gramian.

Row t of J is the gradient of task t with respect to all weights that two or more tasks share, and
G = J Jᵀ holds what N tasks have to say about each other: squared lengths on the diagonal, and below
zero where two pull against each other. Each balance here is a formula from G to coefficients a; the
shared weights then follow Jᵀ a, and a task's own ones its own gradient. Coefficients are counted as
weights of losses are: those of a plain sum are all 1.

Where a paper takes the mean of tasks, or weights of sum 1, it is multiplied by N here. Scales of
the losses matter to some (MGDA, CAGrad, PCGrad, UPGrad follow their units), and cancel in others
(IMTL-G, Nash-MTL; to Aligned-MTL they decide which direction is the weakest).
"""

import warnings

import keras
from keras import ops

from course_lib.multitask.balancing.by_gradients import GradientBalance, nothing_shared, used_by
from course_lib.seeds import SavesDraws


class GramianBalance(GradientBalance):
    """A balance by coefficients of the tasks' gradients, from their Gramian.

    A task without labels in a batch has no gradient there, and no part in the others' coefficients.
    """

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        used = [{id(w) for w in used_by(network, task).trainable_weights} for task in tasks]
        weights = network.trainable_weights
        counts = {id(weight): sum(id(weight) in ids for ids in used) for weight in weights}
        self.shared = {number for number, count in counts.items() if count >= min(2, len(tasks))}
        if not self.shared:
            raise nothing_shared(tasks)

    def gradients(self, pull, losses, variables):
        of_tasks = self.gradients_of_tasks(pull)
        penalties = pull(ops.append(ops.zeros(len(self.tasks)), ops.ones(1)))
        shared = [id(variable) in self.shared for variable in variables]
        jacobian = ops.stack(
            [
                ops.concatenate([ops.reshape(g, (-1,)) for g, both in zip(each, shared) if both])
                for each in of_tasks
            ]
        )
        gramian = ops.matmul(jacobian, ops.transpose(jacobian))
        # Where gradients overflow, the optimizer skips the step, and the weights stay.
        finite = ops.all(ops.isfinite(gramian))
        found = self.weights_of(ops.where(finite, gramian, ops.eye(len(self.tasks))))
        weights = ops.where(finite, found, ops.convert_to_tensor(self.weight))
        self.weight.assign(weights)
        made = [
            sum(a * g for a, g in zip(ops.unstack(weights) if both else [1.0] * len(each), each))
            for *each, both in zip(*of_tasks, shared)
        ]
        return [g + penalty for g, penalty in zip(made, penalties)], weights

    def weights_of(self, gramian):
        """Coefficients, of which those of tasks without a gradient are 1.

        Such a task is put in as one whose gradient is at right angles to all others and as long as
        the longest: it changes no other task's coefficient.

        Args:
            gramian: G, `(tasks, tasks)`.

        Returns:
            A tensor, `(tasks,)`.
        """
        squares = ops.diagonal(gramian)
        present = ops.cast(squares > 0, gramian.dtype)
        longest = ops.maximum(ops.max(squares), 1e-24)
        gramian = gramian / longest + ops.diag(1 - present)
        found = self.coefficients(gramian, present)
        return ops.where(present > 0, found, 1)

    def coefficients(self, gramian, present):
        """The formula.

        Args:
            gramian: G, `(tasks, tasks)`, none of its diagonal zero, scaled to at most 1.
            present: 1 for tasks that count, 0 for those that `weights_of` put in, `(tasks,)`.

        Returns:
            A tensor, `(tasks,)`.
        """
        raise NotImplementedError(f"{type(self).__name__} has no formula.")


def _to_sum(values, present):
    """Scales values of tasks that are present to a sum of as many as they are."""
    return values * ops.sum(present) / ops.sum(values * present)


def nonnegative(gramian, right, sweeps=50):
    """Solves min ½ uᵀ G u − bᵀ u over u ≥ 0, by turns of each u_i (Hildreth, 1957).

    Args:
        gramian: G, `(n, n)`, positive semi-definite with a positive diagonal.
        right: A column b for each problem, `(n, problems)`.
        sweeps: Turns.

    Returns:
        A column u for each problem, `(n, problems)`.
    """
    number = gramian.shape[0]

    def turn(step, u):
        i = step % number
        row = ops.take(gramian, i, axis=0)
        slack = (ops.take(right, i, axis=0) - ops.matmul(row, u)) / ops.take(row, i)
        return ops.where(ops.arange(number)[:, None] == i, ops.relu(u + slack), u)

    return ops.fori_loop(0, sweeps * number, turn, ops.zeros_like(right))


@keras.saving.register_keras_serializable("course_lib")
class PCGrad(SavesDraws, GramianBalance):
    """Takes off each gradient what points against another one: g_i ← g_i − (g_i·g_j / ‖g_j‖²) g_j.

    For each task, the others come in a random order, and it is *their own* gradients g_j that are
    projected on, not what has become of them. The step is the sum of the results. Yu, Kumar, Gupta,
    Levine, Hausman and Finn, "Gradient surgery for multi-task learning", NeurIPS 2020.

    Args:
        seed: Seed of the orders, or None.
    """

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def coefficients(self, gramian, present):
        number = len(self.tasks)
        lots = keras.random.uniform((number, number), seed=self.seed_generator)
        order = ops.argsort(lots, axis=1)
        made = ops.eye(number, dtype=gramian.dtype)  # row i: what g_i has become, of all g_j
        for place in range(number):
            other = order[:, place]
            product = ops.sum(made * ops.take(gramian, other, axis=0), axis=1)
            against = ops.logical_and(product < 0, other != ops.arange(number))
            taken = ops.where(against, product / ops.take(ops.diagonal(gramian), other), 0)
            made = made - taken[:, None] * ops.one_hot(other, number, dtype=gramian.dtype)
        return ops.sum(made, axis=0)

    def get_config(self):
        return {**super().get_config(), "seed": self.seed}


@keras.saving.register_keras_serializable("course_lib")
class MGDA(GramianBalance):
    """The shortest vector between the gradients: min ‖Σ_i a_i g_i‖² over a ≥ 0 of sum 1, times N.

    Its product with every gradient is at least its squared length, so no loss rises; where it is
    zero, no step makes all better. For two tasks a_1 = (g_2 − g_1)·g_2 / ‖g_1 − g_2‖² within 0 and
    1. A loss in a small unit has a short gradient, and takes over. In general a is
    proportional to the u of min ½ uᵀ G u − Σ_i u_i over u ≥ 0. Sener and Koltun, "Multi-task
    learning as multi-objective optimization", NeurIPS 2018; Désidéri, 2012.
    """

    def coefficients(self, gramian, present):
        ridge = gramian + 1e-6 * ops.eye(len(self.tasks), dtype=gramian.dtype)
        u = nonnegative(ridge, ops.ones((len(self.tasks), 1), dtype=gramian.dtype), sweeps=200)
        return _to_sum(u[:, 0], present)


@keras.saving.register_keras_serializable("course_lib")
class UPGrad(GramianBalance):
    """Projects each gradient on the directions that no task objects to, and sums the results.

    The projection of g_i on {d: d·g_j ≥ 0 for all j} is Jᵀ(e_i + u), u ≥ 0 minimising
    ‖Jᵀ(e_i + u)‖². Every gradient is projected by itself; the projection of their mean would listen
    to long ones alone. Quinton and Rey, "Jacobian descent for multi-objective optimization", 2024,
    arXiv:2406.16232.
    """

    def coefficients(self, gramian, present):
        return ops.sum(
            ops.eye(len(self.tasks), dtype=gramian.dtype) + nonnegative(gramian, -gramian), axis=1
        )


@keras.saving.register_keras_serializable("course_lib")
class CAGrad(GramianBalance):
    """The step near the mean gradient g₀ that helps the worst task: max_d min_i g_i·d.

    With ‖d − g₀‖ ≤ c ‖g₀‖, and times N. The solution is d = g₀ + Jᵀu, where u ≥ 0 solves
    min ½ uᵀ G u + uᵀ J g₀ − μ Σ_i u_i for the μ at which ‖Jᵀu‖ = c ‖g₀‖: all tasks that count get
    the product μ. Liu, Liu, Jin, Stone and Liu, "Conflict-averse gradient descent for multi-task
    learning", NeurIPS 2021.

    Args:
        c: How far from the mean a step may go, as a share of the mean's length; 0 is the mean.

    Raises:
        ValueError: if c is not from 0 to below 1, where the step still makes the mean better.
    """

    def __init__(self, c=0.5, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= c < 1:
            raise ValueError(f"c is from 0 to below 1, but got {c}.")
        self.c = c

    def coefficients(self, gramian, present):
        mean = present / ops.sum(present)
        with_mean = ops.matmul(gramian, mean)
        length = ops.sqrt(ops.sum(mean * with_mean))
        counts = present[:, None] > 0
        low, high = ops.min(ops.where(present > 0, with_mean, 2.0)), (1 + self.c) * length**2
        for _ in range(2):  # first among 64 values of μ, then among 64 between two of these
            products = low + (high - low) * ops.linspace(0.0, 1.0, 64)
            u = nonnegative(gramian, ops.where(counts, products - with_mean[:, None], 0))
            near = ops.sqrt(ops.sum(u * ops.matmul(gramian, u), axis=0)) <= self.c * length
            last = ops.maximum(ops.sum(ops.cast(near, "int32")) - 1, 0)
            low, high = ops.take(products, last), ops.take(products, ops.minimum(last + 1, 63))
        return ops.sum(present) * (mean + ops.take(u, last, axis=1))

    def get_config(self):
        return {**super().get_config(), "c": self.c}


@keras.saving.register_keras_serializable("course_lib")
class IMTLG(GramianBalance):
    """IMTL-G: a step with the same projection on every gradient, d·g_i / ‖g_i‖ equal for all.

    With unit gradients u_i = g_i / ‖g_i‖ these are the a of sum 1 (here N) with U Uᵀ b = μ 1 for
    b_i = a_i ‖g_i‖. A coefficient may be below zero. Liu, Li, Kuang, Xue, Chen, Yang, Liao and
    Zhang, "Towards impartial multi-task learning", ICLR 2021.
    """

    def coefficients(self, gramian, present):
        lengths = ops.sqrt(ops.diagonal(gramian))
        cosines = gramian / lengths[:, None] / lengths
        ridge = cosines + 1e-6 * ops.eye(len(self.tasks), dtype=gramian.dtype)
        solved = ops.solve(ridge, ops.ones((len(self.tasks), 1), dtype=gramian.dtype))
        return _to_sum(solved[:, 0] / lengths, present)


@keras.saving.register_keras_serializable("course_lib")
class NashMTL(GramianBalance):
    """The tasks' bargain: G a = 1 / a, with a scaled to a sum of N.

    No other step within a ball has a higher product of the tasks' gains, whatever their units. The
    equation is that of the minimum of ½ aᵀ G a − Σ_i log a_i, found by turns of each a_i, in closed
    form. Navon, Shamsian, Achituve, Maron, Kawaguchi, Chechik and Fetaya, "Multi-task learning as a
    bargaining game", ICML 2022.

    Args:
        sweeps: Turns.
        tolerance: Largest |a_i (G a)_i − 1| that a step should have; an epoch with a larger one at
            its end is reported by a warning, since it was trained by another step than Nash's.
    """

    def __init__(self, sweeps=30, tolerance=1e-2, **kwargs):
        super().__init__(**kwargs)
        self.sweeps, self.tolerance = sweeps, tolerance

    def prepare(self, network, tasks):
        super().prepare(network, tasks)
        self.residual = self.variable("residual", [0.0])

    def coefficients(self, gramian, present):
        a = bargain(gramian, self.sweeps)
        residual = ops.max(ops.abs(a * ops.matmul(gramian, a) - 1))
        self.residual.assign(ops.reshape(residual, (1,)))
        return _to_sum(a, present)

    def after_epoch(self, logs):
        residual = float(ops.convert_to_numpy(self.residual)[0])
        if residual > self.tolerance:
            warnings.warn(
                f"The equation of Nash-MTL is met to {residual:.2g} only, but {self.tolerance:.2g} "
                "was to be reached: give it more sweeps.",
                stacklevel=2,
            )

    def get_config(self):
        own = {"sweeps": self.sweeps, "tolerance": self.tolerance}
        return {**super().get_config(), **own}


def bargain(gramian, sweeps):
    """Solves G a = 1 / a with a > 0: each a_i in turn is the root of G_ii a² + (rest) a = 1.

    Args:
        gramian: G, `(n, n)`.
        sweeps: Turns.

    Returns:
        a, `(n,)`.
    """
    number = gramian.shape[0]

    def turn(step, a):
        i = step % number
        row = ops.take(gramian, i, axis=0)
        own = ops.take(row, i)
        rest = ops.sum(row * a) - own * ops.take(a, i)
        root = ops.sqrt(rest**2 + 4 * own)
        # Of two forms of the root, the one that does not subtract two equal numbers.
        positive = ops.where(rest > 0, 2 / (rest + root), (root - rest) / (2 * own))
        return ops.where(ops.arange(number) == i, positive, a)

    return ops.fori_loop(0, sweeps * number, turn, 1 / ops.sqrt(ops.diagonal(gramian)))


@keras.saving.register_keras_serializable("course_lib")
class AlignedMTL(GramianBalance):
    """Makes the system of gradients well conditioned: all singular values of J become the smallest.

    With G = V Λ Vᵀ, a = √λ_min V Λ^−½ Vᵀ 1, over the eigenvalues that are no rounding. Gradients at
    right angles and of one length stay as they are. Senushkin, Patakin, Kuznetsov and Konushin,
    "Independent component alignment for multi-task learning", CVPR 2023.

    Args:
        rank: Eigenvalues below this share of the largest count as zero.
    """

    def __init__(self, rank=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.rank = rank

    def coefficients(self, gramian, present):
        values, vectors = ops.eigh(gramian)
        kept = values > self.rank * ops.max(values)
        smallest = ops.min(ops.where(kept, values, ops.max(values)))
        scale = ops.where(kept, ops.sqrt(smallest / ops.where(kept, values, 1)), 0)
        return ops.matmul(vectors, scale * ops.matmul(ops.transpose(vectors), present))

    def get_config(self):
        return {**super().get_config(), "rank": self.rank}
