"""Early fusion: modalities meet as data, reduced so that the parameters do not explode.

Here they are reduced by principal components, or by autoencoders that are stacked. A reduction
that is learned with the rest is a narrow layer for each modality:
`architectures.build(..., picture=0, sound=0)`.
"""

import keras
import numpy as np
from keras import layers
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


class StackedAutoencoder:
    """Learns features that data can be told from again, ‖x − D(E x)‖², a stage at a time.

    Each stage encodes what the stage before it made, which stays as it is. Ding and Tao, "Robust
    face recognition via multimodal deep face representation", IEEE Transactions on Multimedia 17,
    2015, reduce features of several networks, put side by side, in this way.

    Args:
        units: Units of each stage, such as `(64, 16)`.
        activation: Activation of the codes; `"linear"` spans the principal components.
        learning_rate: Rate of Adam.
        epochs: Epochs of each stage.
        batch_size: Rows of a step.

    Attributes:
        encoder: `keras.Model` from features to the last stage's codes, once fitted.
        losses: Mean squared error of each stage, one an epoch.
    """

    def __init__(self, units, activation="relu", learning_rate=1e-3, epochs=20, batch_size=64):
        self.units, self.activation = units, activation
        self.learning_rate, self.epochs, self.batch_size = learning_rate, epochs, batch_size

    def fit(self, x):
        """Learns all stages.

        Args:
            x: Features, `(rows, features)`.
        """
        self.losses = []
        inputs = keras.Input(x.shape[1:])
        codes, encoded = inputs, x
        for number, units in enumerate(self.units, start=1):
            stage = layers.Dense(units, self.activation, name=f"stage_{number}")
            below = keras.Input(encoded.shape[1:])
            autoencoder = keras.Model(below, layers.Dense(encoded.shape[1])(stage(below)))
            autoencoder.compile(
                keras.optimizers.Adam(self.learning_rate),
                "mse",
                steps_per_execution=16,
                jit_compile=False,
            )
            # Or the first step is traced twice.
            autoencoder.optimizer.build(autoencoder.trainable_variables)
            history = autoencoder.fit(
                encoded, encoded, batch_size=self.batch_size, epochs=self.epochs, verbose=0
            )
            self.losses.append(history.history["loss"])
            codes = stage(codes)
            self.encoder = keras.Model(inputs, codes)
            encoded = self.encode(x)
        return self

    def encode(self, x):
        """Returns the last stage's codes, `(rows, units)`, of features `(rows, features)`."""
        return self.encoder.predict(x, batch_size=1024, verbose=0)
