"""Architectures of several tasks with common inputs: what they share, and where.

Each is a function of an input, of the stages of a trunk and of the tasks' heads, so that every
architecture can be had of the same parts. A stage is a function from a name to a new layer of that
name, a head likewise. All work on vectors `(batch, features)` and on pictures
`(batch, height, width, channels)`. The models' outputs are dictionaries from task to prediction.

>>> import keras
>>> inputs = keras.Input((4,))
>>> stages = [lambda name: keras.layers.Dense(8, "relu", name=name)] * 2
>>> heads = {task: lambda name: keras.layers.Dense(1, name=name) for task in ("age", "height")}
>>> sorted(cross_stitch(inputs, stages, heads).output)
['age', 'height']
"""

import itertools

import keras
from keras import ops

INITIAL = "initial_"


def shared(inputs, stages, heads, cut=None):
    """Hard sharing: one trunk up to the cut, a network of its own for each task above it.

    Caruana, "Multitask learning", Machine Learning 28, 1997.

    Args:
        inputs: A `keras.Input`.
        stages: List of functions from a name to a layer: the trunk, from the input on.
        heads: Dictionary from task to a function from a name to a layer.
        cut: Number of stages that are shared; all if None, none if 0.

    Returns:
        A `keras.Model`. Its shared stages are called `shared_0` and so on, the tasks' own `TASK_0`.
    """
    cut = len(stages) if cut is None else cut
    hidden = [trunk(inputs, stages[:cut])] * len(heads)
    for number, stage in enumerate(stages[cut:], cut):
        hidden = [stage(f"{task}_{number}")(h) for task, h in zip(heads, hidden)]
    return with_heads(inputs, hidden, heads, "shared")


def separate(inputs, stages, heads):
    """A network of its own for each task: `shared` with the cut at the input.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.

    Returns:
        A `keras.Model`.
    """
    return shared(inputs, stages, heads, cut=0)


def soft(inputs, stages, heads, penalty=1e-3):
    """Soft sharing: a network for each task, with a penalty on how far their weights lie apart.

    Duong, Cohn, Bird and Cook, "Low resource dependency parsing", ACL 2015.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        penalty: Weight λ of the squared distances in the loss; with 0 the networks are separate.

    Returns:
        A `keras.Model`.
    """
    hidden = [inputs] * len(heads)
    for number, stage in enumerate(stages):
        copies = [stage(f"{task}_{number}") for task in heads]
        hidden = SoftSharing(copies, penalty, name=f"soft_{number}")(hidden)
    return with_heads(inputs, hidden, heads, "soft")


def cross_stitch(inputs, stages, heads, diagonal=0.9, per_channel=False, rate=10.0):
    """A network for each task, with a learned linear mixture of their features after each stage.

    Misra, Shrivastava, Gupta and Hebert, "Cross-stitch networks for multi-task learning", CVPR
    2016. There, each channel has a mixture of its own, and mixtures learn 100 to 1000 times faster
    than other weights.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.
        diagonal: Share of a task's own features at the start.
        per_channel: Whether each channel has a mixture of its own.
        rate: How much faster mixtures learn; see `CrossStitch`.

    Returns:
        A `keras.Model`, with a `CrossStitch` layer `stitch_0` and so on after each stage.
    """
    hidden = [inputs] * len(heads)
    for number, stage in enumerate(stages):
        hidden = [stage(f"{task}_{number}")(h) for task, h in zip(heads, hidden)]
        hidden = CrossStitch(diagonal, per_channel, rate, name=f"stitch_{number}")(hidden)
    return with_heads(inputs, hidden, heads, "cross_stitch")


def mtan(inputs, stages, heads):
    """Multi-task attention: one trunk, from whose features each task picks by masks of its own.

    A task's mask of a stage is learned from the stage's features and from what the task picked
    before: mask = σ(W₂ relu(W₁ [features, picked])). Liu, Johns and Davison, "End-to-end multi-task
    learning with attention", CVPR 2019.

    Args:
        inputs: As of `shared`.
        stages: As of `shared`.
        heads: As of `shared`.

    Returns:
        A `keras.Model`, with layers `TASK_mask_0` and so on, whose outputs are the masks.
    """
    h, picked = inputs, {}
    for number, stage in enumerate(stages):
        h = stage(f"shared_{number}")(h)
        for task in heads:
            seen = h
            if task in picked:
                seen = keras.layers.Concatenate()([h, _of_size(picked[task], h)])
            mask = keras.layers.Dense(h.shape[-1], "relu", name=f"{task}_attention_{number}")(seen)
            mask = keras.layers.Dense(h.shape[-1], "sigmoid", name=f"{task}_mask_{number}")(mask)
            picked[task] = keras.layers.Multiply()([mask, h])
    return with_heads(inputs, [picked[task] for task in heads], heads, "mtan")


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


def trunk(inputs, stages):
    """What a list of stages, `shared_0` and so on, makes of an input.

    Args:
        inputs: A `keras.Input`.
        stages: As of `shared`.

    Returns:
        A tensor.
    """
    h = inputs
    for number, stage in enumerate(stages):
        h = stage(f"shared_{number}")(h)
    return h


def with_heads(inputs, hidden, heads, name):
    """A model of the tasks' heads, `TASK_head`, on top of what comes before.

    Args:
        inputs: A `keras.Input`.
        hidden: What each task's head looks at, a list of tensors in the order of `heads`.
        heads: As of `shared`.
        name: The model's name.

    Returns:
        A `keras.Model`.
    """
    outputs = {task: head(f"{task}_head")(h) for (task, head), h in zip(heads.items(), hidden)}
    return keras.Model(inputs, outputs, name=name)


def _of_size(x, like):
    """Pools or repeats a picture's pixels to the height and width of another one."""
    if len(x.shape) < 4 or x.shape[1:3] == like.shape[1:3]:
        return x
    if x.shape[1] > like.shape[1]:
        return keras.layers.AveragePooling2D(
            (x.shape[1] // like.shape[1], x.shape[2] // like.shape[2])
        )(x)
    return keras.layers.UpSampling2D((like.shape[1] // x.shape[1], like.shape[2] // x.shape[2]))(x)


@keras.saving.register_keras_serializable("course_lib")
class SoftSharing(keras.layers.Layer):
    """A copy of one layer for each task, with a penalty λ Σ_{i<j} ‖W_i − W_j‖² on their weights.

    Args:
        copies: List of layers of the same shapes, one for each task.
        penalty: Weight λ of the squared distances in the loss.

    Call arguments:
        xs: List of one tensor for each task.

    Returns:
        List of what each task's copy makes of its tensor.
    """

    def __init__(self, copies, penalty, **kwargs):
        super().__init__(**kwargs)
        self.copies, self.penalty = copies, penalty

    def build(self, input_shape):
        for copy, shape in zip(self.copies, input_shape):
            if not copy.built:
                copy.build(shape)

    def call(self, xs, training=False):
        for same in zip(*(copy.trainable_weights for copy in self.copies)):
            for one, other in itertools.combinations(same, 2):
                self.add_loss(self.penalty * ops.sum(ops.square(one - other)))
        return [copy(x, training=training) for copy, x in zip(self.copies, xs)]

    def get_config(self):
        copies = [keras.saving.serialize_keras_object(copy) for copy in self.copies]
        return {**super().get_config(), "copies": copies, "penalty": self.penalty}

    @classmethod
    def from_config(cls, config):
        copies = [keras.saving.deserialize_keras_object(copy) for copy in config.pop("copies")]
        return cls(copies, **config)


@keras.saving.register_keras_serializable("course_lib")
class CrossStitch(keras.layers.Layer):
    """Mixes the features of all tasks linearly: h'_i = Σ_j A_ij h_j, with A learned.

    Row i of A makes the input of task i. The identity leaves the tasks' networks separate. With
    `per_channel`, each channel has an A of its own.

    Under the rate of the other weights, A hardly leaves its start. The layer therefore stores
    A / rate, so that an optimizer's step on what is stored moves A by `rate` times as much. An
    Adam step does not depend on the gradient's scale, so A moves `rate` times as fast. Under plain
    gradient descent the gradient grows by `rate` as well, and A moves rate² times as fast: the
    default of 10 is the paper's factor of 100.

    Args:
        diagonal: A's diagonal at the start; the rest of each row is spread over the other tasks.
        per_channel: Whether each channel has a mixture of its own.
        rate: Factor of the steps, above 0.

    Call arguments:
        xs: List of one tensor for each task, of the same shape.

    Returns:
        List of one tensor for each task, of that shape.

    Raises:
        ValueError: if the rate is not above 0.
    """

    def __init__(self, diagonal=0.9, per_channel=False, rate=10.0, **kwargs):
        super().__init__(**kwargs)
        if rate <= 0:
            raise ValueError(f"rate must be above 0, but got {rate}.")
        self.diagonal, self.per_channel, self.rate = diagonal, per_channel, rate

    def build(self, input_shape):
        tasks = len(input_shape)
        channels = (input_shape[0][-1],) if self.per_channel else ()
        others = (1 - self.diagonal) / max(tasks - 1, 1)

        def start(shape, dtype):
            mixture = ops.eye(tasks, dtype=dtype) * (self.diagonal - others) + others
            mixture = ops.reshape(mixture, (tasks, tasks, *(1 for _ in channels)))
            return mixture / self.rate * ops.ones(shape, dtype)

        self.stored = self.add_weight(
            shape=(tasks, tasks, *channels), initializer=start, name="stored"
        )

    @property
    def stitches(self):
        """A, `(tasks, tasks)`, or `(tasks, tasks, channels)` with a mixture for each channel."""
        return self.rate * ops.convert_to_tensor(self.stored)

    def call(self, xs):
        stitches = ops.cast(self.stitches, xs[0].dtype)
        return [sum(stitches[i, j] * x for j, x in enumerate(xs)) for i in range(len(xs))]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        options = {"diagonal": self.diagonal, "per_channel": self.per_channel, "rate": self.rate}
        return {**super().get_config(), **options}


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
