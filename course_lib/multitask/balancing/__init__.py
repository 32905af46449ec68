"""How the losses of several tasks are balanced: by weights, by gradients or by their signs.

Any architecture with any balance is one line:

>>> import keras
>>> from course_lib.multitask import architectures
>>> inputs = keras.Input((4,))
>>> stages = [lambda name: keras.layers.Dense(8, "relu", name=name)]
>>> heads = {task: lambda name: keras.layers.Dense(1, name=name) for task in ("age", "height")}
>>> balance = Uncertainty({"age": "gaussian", "height": "gaussian"})
>>> model = Balanced(architectures.mtan(inputs, stages, heads), balance)
>>> model.compile("adam", {"age": "mse", "height": "mse"})

`fit` then reports each task's loss and weight after each epoch. `losses` has balances that look at
the tasks' losses, `norms` and `gramian` those that look at their gradients. Sign dropout is no
balance but a layer, `SignDropout`, between a trunk and its heads. All run on every Keras backend.
"""

from course_lib.multitask.balancing.balance import Balance
from course_lib.multitask.balancing.gramian import (
    IMTLG,
    MGDA,
    AlignedMTL,
    CAGrad,
    NashMTL,
    PCGrad,
    UPGrad,
)
from course_lib.multitask.balancing.losses import (
    FAMO,
    LIKELIHOODS,
    DynamicWeightAverage,
    RandomWeights,
    TaskPrioritization,
    Uncertainty,
)
from course_lib.multitask.balancing.model import Balanced
from course_lib.multitask.balancing.norms import GradNorm, last_shared_layer
from course_lib.multitask.balancing.signs import SignDropout

__all__ = [
    "FAMO",
    "IMTLG",
    "LIKELIHOODS",
    "MGDA",
    "AlignedMTL",
    "Balance",
    "Balanced",
    "CAGrad",
    "DynamicWeightAverage",
    "GradNorm",
    "NashMTL",
    "PCGrad",
    "RandomWeights",
    "SignDropout",
    "TaskPrioritization",
    "UPGrad",
    "Uncertainty",
    "last_shared_layer",
]
