"""What all architectures are made with: a trunk of stages, heads, and pictures of one size."""

import keras


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


def of_size(x, like):
    """Pools or repeats a picture's pixels to the height and width of another one."""
    if len(x.shape) < 4 or x.shape[1:3] == like.shape[1:3]:
        return x
    (height, width), (to_height, to_width) = x.shape[1:3], like.shape[1:3]
    if height % to_height == width % to_width == 0:
        return keras.layers.AveragePooling2D((height // to_height, width // to_width))(x)
    if to_height % height == to_width % width == 0:
        return keras.layers.UpSampling2D((to_height // height, to_width // width))(x)
    raise ValueError(
        f"A picture of {(height, width)} pixels can be neither pooled nor repeated to "
        f"{(to_height, to_width)}: let each stage make pictures larger or smaller by whole factors."
    )
