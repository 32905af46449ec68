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

from course_lib.multitask.architectures.distillation import INITIAL, Distillation, pad_net
from course_lib.multitask.architectures.encoders import (
    CrossStitch,
    SoftSharing,
    cross_stitch,
    mtan,
    separate,
    shared,
    soft,
)
from course_lib.multitask.architectures.experts import Gate, cgc, mmoe, ple
from course_lib.multitask.architectures.parts import trunk, with_heads

__all__ = [
    "INITIAL",
    "CrossStitch",
    "Distillation",
    "Gate",
    "SoftSharing",
    "cgc",
    "cross_stitch",
    "mmoe",
    "mtan",
    "pad_net",
    "ple",
    "separate",
    "shared",
    "soft",
    "trunk",
    "with_heads",
]
