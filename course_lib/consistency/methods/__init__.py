"""Learning from labelled and unlabelled inputs at once, by `compile` and `fit`.

Every method is a Keras model around the same network and differs in its loss alone:

    model = UDA(network)
    model.compile("adam")
    model.fit(data.batches(x, y, unlabelled, (keep, augment)), steps_per_epoch=1000)

A batch is a pair of inputs and labels. Inputs are a dictionary: `"labelled"`, what the labels
belong to, and `"views"`, as many looks at the same unlabelled rows as the method compares.
"""

from course_lib.consistency.methods.adversarial import VAT
from course_lib.consistency.methods.consistency import UDA, PiModel
from course_lib.consistency.methods.mixing import ICT, MixMatch
from course_lib.consistency.methods.supervised import Supervised
from course_lib.consistency.methods.teachers import MeanTeacher
from course_lib.consistency.methods.thresholds import (
    FixMatch,
    FlexMatch,
    FreeMatch,
    PseudoLabel,
    SoftMatch,
)

METHODS = {
    "UDA": UDA,
    "Π-model": PiModel,
    "Mean Teacher": MeanTeacher,
    "VAT": VAT,
    "Pseudo-Label": PseudoLabel,
    "ICT": ICT,
    "MixMatch": MixMatch,
    "FixMatch": FixMatch,
    "FlexMatch": FlexMatch,
    "FreeMatch": FreeMatch,
    "SoftMatch": SoftMatch,
}
__all__ = ["METHODS", "Supervised", *(method.__name__ for method in METHODS.values())]
