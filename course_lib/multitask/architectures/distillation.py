"""Tasks answer first, and then listen to each other: PAD-Net."""

import itertools

import keras
from keras import ops

from course_lib.multitask.architectures.parts import trunk

INITIAL = "initial_"


def pad_net(inputs, stages, heads, module="C"):
    """Prediction and distillation: tasks answer by themselves, then with each other's features.

    The last stage is each task's own. A first head answers from its features F_k and is trained,
    too (outputs `initial_TASK`); a second one answers from what `Distillation` makes of all tasks'
    features. Xu, Ouyang, Wang and Sebe, "PAD-Net", CVPR 2018.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        module: `"A"`, `"B"` or `"C"`, as of `Distillation`.

    Returns:
        A `keras.Model`, with outputs `TASK` and `initial_TASK` for each task.
    """
    last = len(stages) - 1
    common = trunk(inputs, stages[:last])
    features = [stages[last](f"{task}_{last}")(common) for task in heads]
    outputs = {
        INITIAL + task: head(f"{INITIAL}{task}_head")(h)
        for (task, head), h in zip(heads.items(), features)
    }
    distilled = Distillation(module, name="distillation")(features)
    for (task, head), h in zip(heads.items(), distilled):
        outputs[task] = head(f"{task}_head")(h)
    return keras.Model(inputs, outputs, name=f"pad_net_{module}")


@keras.saving.register_keras_serializable("course_lib")
class Distillation(keras.layers.Layer):
    """Passes features F_t from task to task, in one of PAD-Net's three ways.

    - `"A"`: all tasks get the concatenation of all features;
    - `"B"`: task k gets F_k + Σ_{t≠k} W_kt F_t;
    - `"C"`: task k gets F_k + Σ_{t≠k} σ(G_k F_k) ⊙ W_kt F_t: a gate, made of the features of the
      task that receives, says where it listens.

    W and G are 3 × 3 convolutions on pictures, and dense layers on vectors.

    Args:
        module: `"A"`, `"B"` or `"C"`.

    Call arguments:
        xs: List of the features of each task, of the same shape.

    Returns:
        List of one tensor for each task.

    Raises:
        ValueError: for another module.
    """

    def __init__(self, module="C", **kwargs):
        super().__init__(**kwargs)
        if module not in ("A", "B", "C"):
            raise ValueError(f"module is 'A', 'B' or 'C', but got {module!r}.")
        self.module = module

    def build(self, input_shape):
        tasks, shape = len(input_shape), input_shape[0]

        def linear(name, activation=None):
            if len(shape) == 4:
                layer = keras.layers.Conv2D(
                    shape[-1], 3, 1, "same", activation=activation, name=name
                )
            else:
                layer = keras.layers.Dense(shape[-1], activation, name=name)
            layer.build(shape)
            return layer

        self.messages, self.gates = {}, []
        if self.module != "A":
            self.messages = {
                f"{target}_{source}": linear(f"message_{target}_{source}")
                for target, source in itertools.permutations(range(tasks), 2)
            }
        if self.module == "C":
            self.gates = [linear(f"gate_{target}", "sigmoid") for target in range(tasks)]

    def call(self, xs):
        if self.module == "A":
            return [ops.concatenate(xs, axis=-1)] * len(xs)
        distilled = []
        for target, own in enumerate(xs):
            received = sum(
                self.messages[f"{target}_{source}"](x)
                for source, x in enumerate(xs)
                if source != target
            )
            if self.module == "C":
                received = self.gates[target](own) * received
            distilled.append(own + received)
        return distilled

    def get_config(self):
        return {**super().get_config(), "module": self.module}
