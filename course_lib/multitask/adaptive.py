"""Fully-adaptive feature sharing: a thin shared network that branches from the top down.

Lu, Kumar, Zhai, Cheng, Javidi and Feris, "Fully-adaptive feature sharing in multi-task networks
with applications in person attribute classification", CVPR 2017. A thin network is initialised
from a wide one by matching pursuit. Trained, it shows which tasks find the same examples difficult:
those stay together, the others get branches of their own, first in the last stage, then in the one
below.
"""

import numpy as np
from sklearn.cluster import SpectralClustering

from course_lib.multitask import architectures


def simultaneous_matching_pursuit(matrix, width):
    """Rows of a matrix that best give all of its rows: min over A, ω of ‖W − A W_ω‖_F, greedily.

    Takes the row that goes best along with what the rows taken so far leave over, and fits A anew.
    Tropp, Gilbert and Strauss, "Algorithms for simultaneous sparse approximation", 2006.

    Args:
        matrix: W, `(rows, columns)`: the weights of a layer, a row for each of its units.
        width: Number of rows to take.

    Returns:
        ω, the numbers of the taken rows `(width,)`, and A, `(rows, width)`.

    Raises:
        ValueError: if `width` is not from 1 to the number of rows.
    """
    matrix = np.asarray(matrix, "float64")
    if not 1 <= width <= len(matrix):
        raise ValueError(f"The width must be from 1 to {len(matrix)} rows, but got {width}.")
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    directions = np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0)
    taken, left = [], matrix
    for _ in range(width):
        agreement = np.abs(left @ directions.T).sum(axis=0)
        agreement[taken] = -1
        taken.append(int(np.argmax(agreement)))
        coefficients = np.linalg.lstsq(matrix[taken].T, matrix.T, rcond=None)[0].T
        left = matrix - coefficients @ matrix[taken]
    return np.array(taken), coefficients


def thin(kernel, bias, following, width):
    """A layer with fewer units in place of a wide one, and the layer after it to match.

    The layer keeps the units ω of matching pursuit; the next one takes what A makes of them. Where
    the layer is linear and the matrix of its weights of rank `width` or less, nothing is lost.

    Args:
        kernel: Kernel of the wide layer, `(..., units)`, of `Dense` or a convolution.
        bias: Its bias, `(units,)`.
        following: Kernel of the next layer, `(..., units, next units)`.
        width: Number of units to keep.

    Returns:
        Kernel `(..., width)`, bias `(width,)` and next kernel `(..., width, next units)`.
    """
    rows = np.concatenate([np.reshape(kernel, (-1, len(bias))), bias[None]]).T
    units, coefficients = simultaneous_matching_pursuit(rows, width)
    return kernel[..., units], bias[units], coefficients.T @ following


def affinity(errors):
    """How often two tasks find the same example simple, or both find it difficult.

    An example is difficult for a task, e = 1, where its error is not below the task's mean. The
    affinity of tasks i and j is E[e_i e_j + (1 − e_i)(1 − e_j)].

    Args:
        errors: How far each prediction is from its label, `(examples, tasks)`; NaN where the label
            is missing. A pair of tasks is compared on the examples that have both labels.

    Returns:
        Affinities from 0 to 1, `(tasks, tasks)`. Tasks that have nothing in common do not have 0
        but `chance_affinity`.

    Raises:
        ValueError: if two tasks have no example in common.
    """
    simple, difficult = _simple_and_difficult(errors)
    present = simple + difficult
    common = present.T @ present
    if not common.all():
        pair = tuple(int(number) for number in np.argwhere(common == 0)[0])
        raise ValueError(f"Tasks {pair} have no example in common to be compared on.")
    return (difficult.T @ difficult + simple.T @ simple) / common


def chance_affinity(errors):
    """Affinity that tasks would have if what is difficult for one said nothing about the other.

    With p_i the share of examples that are difficult for task i, it is
    p_i p_j + (1 − p_i)(1 − p_j): ½ only where one of the two finds half of them difficult. A few
    gross errors raise a task's mean above most of its errors; two unrelated tasks with p = 0.1 have
    an affinity of 0.82.

    Args:
        errors: As of `affinity`.

    Returns:
        Affinities from 0 to 1, `(tasks, tasks)`, with ones on the diagonal.
    """
    simple, difficult = _simple_and_difficult(errors)
    share = difficult.sum(axis=0) / (simple + difficult).sum(axis=0)
    chance = np.outer(share, share) + np.outer(1 - share, 1 - share)
    np.fill_diagonal(chance, 1)
    return chance


def _simple_and_difficult(errors):
    """Ones where an example is simple, and where it is difficult; neither where it is missing."""
    errors = np.asarray(errors)
    present = ~np.isnan(errors)
    difficult = present & (errors >= np.nanmean(errors, axis=0))
    return (present & ~difficult).astype("float64"), difficult.astype("float64")


def branch_affinity(tasks, branches):
    """Affinity of branches: the lowest of each task to those of the other branch, on average.

    Args:
        tasks: Affinities of the tasks, `(tasks, tasks)`.
        branches: Numbers of the tasks in each branch, a list of lists.

    Returns:
        Affinities, `(branches, branches)`: the mean of both directions; 1 on the diagonal.
    """
    one_way = [[tasks[np.ix_(a, b)].min(axis=1).mean() for b in branches] for a in branches]
    both = (np.array(one_way) + np.transpose(one_way)) / 2
    np.fill_diagonal(both, 1)
    return both


def group(affinities, branch_cost, separation_weight=1.0):
    """Groups branches by spectral clustering, as many groups as cost least.

    The cost of d groups is (d − 1) · branch cost + weight · the groups' mean of
    1 − mean over k of min over l of A(k, l), k and l in the group: what it costs to keep branches
    together that have little in common.

    Args:
        affinities: Affinities of the branches, `(branches, branches)`, with ones on the diagonal.
        branch_cost: Cost of one more group. Two branches part where their affinity is below
            1 − branch cost / weight, so a sensible cost lies between 0, at which all but equal
            branches part, and what `chance_affinity` leaves to 1, at which even unrelated ones
            stay together. In the paper it is a unit cost times 2 to the number of pooling layers
            above, so that branches are dearer near the input, where they are longer.
        separation_weight: Weight α of the groups' lack of affinity.

    Returns:
        Numbers of the branches in each group, a list of lists in the order of their first ones.
    """

    def cost(groups):
        apart = [1 - affinities[np.ix_(g, g)].min(axis=1).mean() for g in groups]
        return (len(groups) - 1) * branch_cost + separation_weight * np.mean(apart)

    branches = len(affinities)
    candidates = [[list(range(branches))], [[branch] for branch in range(branches)]]
    for number in range(2, branches):
        clustering = SpectralClustering(
            number, affinity="precomputed", assign_labels="cluster_qr", random_state=0
        )
        labels = clustering.fit_predict(affinities)
        firsts = dict.fromkeys(labels.tolist())
        candidates.append([np.flatnonzero(labels == label).tolist() for label in firsts])
    return min(candidates, key=cost)


def branched(inputs, stages, heads, groups):
    """A tree: in each stage, the tasks of one group share a layer.

    Args:
        inputs: A `keras.Input`.
        stages: List of functions from a name to a layer, from the input on.
        heads: Dictionary from task to a function from a name to a layer.
        groups: For each stage, the groups of tasks, a list of lists of names. Each group lies
            within one of the stage below.

    Returns:
        A `keras.Model`. The layer of stage 1 and its group 0 is called `stage_1_group_0`.

    Raises:
        ValueError: if the groups of a stage are not all tasks, each once, or do not lie within
            those of the stage below, or the stages and their groups differ in number.
    """
    if len(groups) != len(stages):
        raise ValueError(f"There are {len(stages)} stages, but groups for {len(groups)}.")
    hidden = dict.fromkeys(heads, inputs)
    for number, (stage, partition) in enumerate(zip(stages, groups)):
        if sorted(task for members in partition for task in members) != sorted(heads):
            raise ValueError(
                f"The groups of stage {number} must hold each of {list(heads)} once, "
                f"but are {partition}."
            )
        above = {}
        for name, members in zip(_names(number, partition), partition):
            below = {id(hidden[task]) for task in members}
            if len(below) > 1:
                raise ValueError(
                    f"Group {members} of stage {number} was parted in the stage below: {groups}."
                )
            above |= dict.fromkeys(members, stage(name)(hidden[members[0]]))
        hidden = {task: above[task] for task in heads}
    return architectures.with_heads(inputs, hidden.values(), heads, "branched")


def _names(number, partition):
    return [f"stage_{number}_group_{group}" for group in range(len(partition))]


def carry_over(source, source_groups, target, target_groups):
    """Gives each branch the weights of the branch that it comes from.

    Args:
        source: A trained model of `branched`.
        source_groups: Its groups.
        target: A model of `branched` with the same stages and heads, and groups that lie within
            those of the source. Its weights are replaced, after which both give the same outputs.
        target_groups: Its groups.
    """
    for number, (old, new) in enumerate(zip(source_groups, target_groups)):
        parents = {
            task: name for name, members in zip(_names(number, old), old) for task in members
        }
        for name, members in zip(_names(number, new), new):
            weights = source.get_layer(parents[members[0]]).get_weights()
            target.get_layer(name).set_weights(weights)
    for task in target.output:
        weights = source.get_layer(f"{task}_head").get_weights()
        target.get_layer(f"{task}_head").set_weights(weights)


def widen(inputs, stages, heads, train, errors, branch_cost, separation_weight=1.0):
    """Trains a shared network and lets it branch, from the last stage downwards.

    At each stage the branches above it, which are the heads at first, are grouped by `group`; the
    stage gets a branch for each group, with the trained weights, and the network is trained again.
    It ends where all branches stay together, or at the input. A stage with one group is not trained
    again: `train` is called once, and once more for each stage that branches.

    Args:
        inputs: A `keras.Input`.
        stages: List of functions from a name to a layer, from the input on.
        heads: Dictionary from task to a function from a name to a layer.
        train: Function that compiles and fits a model. To compare with other networks at equal
            steps, count the steps of all calls.
        errors: Function from a trained model to its errors, `(examples, tasks)` in the order of
            `heads`, as `affinity` takes them.
        branch_cost: As of `group`; one number, or one for each stage.
        separation_weight: As of `group`.

    Returns:
        The trained model and its groups, as of `branched`.
    """
    tasks = list(heads)
    costs = np.broadcast_to(branch_cost, len(stages))
    groups = [[tasks]] * len(stages)
    model = branched(inputs, stages, heads, groups)
    train(model)
    branches = [[number] for number in range(len(tasks))]
    for stage in reversed(range(len(stages))):
        affinities = branch_affinity(affinity(errors(model)), branches)
        joined = group(affinities, costs[stage], separation_weight)
        if len(joined) == 1:
            break
        branches = [[task for branch in members for task in branches[branch]] for members in joined]
        wider = list(groups)
        wider[stage] = [[tasks[task] for task in members] for members in branches]
        narrow, model = model, branched(inputs, stages, heads, wider)
        carry_over(narrow, groups, model, wider)
        groups = wider
        train(model)
    return model, groups
