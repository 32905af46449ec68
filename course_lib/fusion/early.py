"""Early fusion: modalities meet as data, reduced so that the parameters do not explode.

Here they are reduced by principal components. A reduction that is learned with the rest is a
narrow layer for each modality: `architectures.build(..., picture=0, sound=0)`.
"""

import numpy as np
from sklearn.decomposition import PCA


def dense_parameters(widths, units):
    """How many weights and biases a dense layer has on modalities put side by side.

    Args:
        widths: Numbers of features of each modality.
        units: Units of the layer.

    Returns:
        (Σ widths + 1) · units.
    """
    return (sum(widths) + 1) * units


class Reduction:
    """Reduces each modality by principal components, and puts them side by side.

    Each modality is whitened, so that the one with the most features or the largest numbers does
    not drown the others.

    Args:
        components: Principal components of a modality; a modality with fewer features keeps all.
        seed: Seed of the decomposition.
    """

    def __init__(self, components=32, seed=0):
        self.components, self.seed = components, seed

    def fit(self, modalities):
        """Finds the components.

        Args:
            modalities: List of arrays, `(rows, ...)` each, of the rows to train with alone.
        """
        self.parts = []
        for x in modalities:
            x = _flat(x)
            number = min(self.components, *x.shape)
            self.parts.append(PCA(number, whiten=True, random_state=self.seed).fit(x))
        return self

    def transform(self, modalities):
        """Returns features, `(rows, components of all modalities)` float32.

        Raises:
            ValueError: for another number of modalities than were fitted.
        """
        if len(modalities) != len(self.parts):
            raise ValueError(
                f"Fitted to {len(self.parts)} modalities, but got {len(modalities)}. Give a "
                "missing one as zeros."
            )
        reduced = [part.transform(_flat(x)) for part, x in zip(self.parts, modalities)]
        return np.concatenate(reduced, axis=1).astype("float32")


def _flat(x):
    return np.asarray(x).reshape(len(x), -1)
