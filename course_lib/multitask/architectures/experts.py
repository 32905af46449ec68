"""Tasks choose among experts: a gate of each task's own mixes what several copies of a stage say.

An expert is a copy of a stage, and a gate is a softmax over experts. What a gate looks at is what
its experts look at: the input of their level, averaged over all places where it is a picture.
"""

import itertools

import keras
import numpy as np
from keras import ops

from course_lib.multitask.architectures.parts import trunk, with_heads


def mmoe(inputs, stages, heads, experts=3):
    """Multi-gate mixture of experts: experts for all tasks, and a gate for each task.

    The experts f_e are copies of the last stage; the stages below are shared. Task k gets
    Σ_e g_k(x)_e f_e(x), where x is what the experts see, and g_k = softmax(W_k x + b_k). One expert
    makes this hard sharing. Ma, Zhao, Yi, Chen, Hong and Chi, "Modeling task relationships in
    multi-task learning with multi-gate mixture-of-experts", KDD 2018.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        experts: Number of experts.

    Returns:
        A `keras.Model`, with a `Gate` layer `TASK_gate_NUMBER` for each task, where the number is
        that of the last stage, and experts `shared_NUMBER_expert_0` and so on.

    Raises:
        ValueError: if there is no expert, or two of them start from the same weights.
    """
    last = len(stages) - 1
    x = trunk(inputs, stages[:last])
    answers = _answers(stages[last], x, f"shared_{last}", _counted(experts))
    hidden = [Gate(name=f"{task}_gate_{last}")(x, answers) for task in heads]
    return with_heads(inputs, hidden, heads, "mmoe")


def ple(inputs, stages, heads, shared=1, own=1, levels=2):
    """Progressive layered extraction: shared experts and each task's own, on several levels.

    Each of the last stages is a level; the stages below are shared. A task's gate mixes its own
    experts and the shared ones, and looks at what the task's own experts look at. Between two
    levels, a shared gate mixes all experts, and the shared experts of the next level look at that.
    Gates that choose a task's own expert make its stages those of a separate network. Tang, Liu,
    Zhao and Gong, "Progressive layered extraction: a novel multi-task learning model for
    personalized recommendations", RecSys 2020.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        shared: Number of shared experts on each level.
        own: Number of experts that each task has for itself on each level.
        levels: Number of levels, from 1 to the number of stages.

    Returns:
        A `keras.Model`, with experts `shared_NUMBER_expert_0` and `TASK_NUMBER_expert_0` and so on
        for the stage of that number, and `Gate` layers `TASK_gate_NUMBER` and `shared_gate_NUMBER`.

    Raises:
        ValueError: if there is no expert, two of them start from the same weights, or there are not
            as many levels.
    """
    if not 1 <= levels <= len(stages):
        raise ValueError(f"levels is from 1 to {len(stages)}, the number of stages; got {levels}.")
    _counted(shared + own)
    first, last = len(stages) - levels, len(stages) - 1
    common = trunk(inputs, stages[:first])
    hidden = dict.fromkeys(heads, common)
    for number, stage in enumerate(stages[first:], first):
        for_all = _answers(stage, common, f"shared_{number}", shared)
        for_one = {task: _answers(stage, x, f"{task}_{number}", own) for task, x in hidden.items()}
        hidden = {
            task: Gate(name=f"{task}_gate_{number}")(x, for_one[task] + for_all)
            for task, x in hidden.items()
        }
        if number < last:
            everybody = [*itertools.chain(*for_one.values()), *for_all]
            common = Gate(name=f"shared_gate_{number}")(common, everybody)
    return with_heads(inputs, hidden.values(), heads, "ple")


def cgc(inputs, stages, heads, shared=1, own=1):
    """Customized gate control: `ple` on a single level.

    Tang, Liu, Zhao and Gong, RecSys 2020. Without experts of the tasks' own it is `mmoe`.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        shared: Number of shared experts.
        own: Number of experts that each task has for itself.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: if there is no expert, or two of them start from the same weights.
    """
    return ple(inputs, stages, heads, shared, own, levels=1)


def _counted(experts):
    if experts < 1:
        raise ValueError(f"A task needs at least one expert to listen to, but got {experts}.")
    return experts


def _answers(stage, x, name, count):
    """What several experts, copies of a stage, make of the same input.

    Gradients of experts that start alike differ by their shares alone, and Adam divides by those.
    """
    experts = [stage(f"{name}_expert_{number}") for number in range(count)]
    answers = [expert(x) for expert in experts]
    for one, other in itertools.combinations(experts, 2):
        weights = list(zip(one.get_weights(), other.get_weights()))
        if weights and all(np.array_equal(a, b) for a, b in weights):
            raise ValueError(
                f"Experts {one.name!r} and {other.name!r} start from the same weights, and will "
                "stay alike: give the stage a random initializer without a fixed seed."
            )
    return answers


@keras.saving.register_keras_serializable("course_lib")
class Gate(keras.layers.Layer):
    """Mixes what experts say by shares that depend on the input: Σ_e softmax(W x + b)_e f_e.

    Call arguments:
        x: What the gate looks at, `(batch, ..., features)`; its mean over all places, if it has
            any.
        answers: List of what each expert says, `(batch, ...)`, all of the same shape.

    Returns:
        Tensor of the shape of one answer.

    Example:
        >>> import numpy as np
        >>> gate, x = Gate(), np.ones((5, 8, 8, 3), "float32")
        >>> tuple(gate(x, [x, 2 * x]).shape), tuple(gate.shares(x).shape)
        ((5, 8, 8, 3), (5, 2))
    """

    def build(self, x_shape, answers_shape):
        experts = len(answers_shape)
        self.kernel = self.add_weight(shape=(x_shape[-1], experts), name="kernel")
        self.bias = self.add_weight(shape=(experts,), initializer="zeros", name="bias")

    def shares(self, x):
        """The share of each expert, `(batch, experts)`, each from 0 to 1; they sum to 1."""
        seen = ops.mean(x, axis=range(1, len(x.shape) - 1)) if len(x.shape) > 2 else x
        return ops.softmax(ops.matmul(seen, self.kernel) + self.bias, axis=-1)

    def call(self, x, answers):
        shares = self.shares(x)
        shape = (-1, *[1] * (len(answers[0].shape) - 1))
        return sum(ops.reshape(shares[:, e], shape) * f for e, f in enumerate(answers))

    def compute_output_shape(self, x_shape, answers_shape):
        return answers_shape[0]
