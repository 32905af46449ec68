"""Stacked autoencoders: features learned stage by stage, without labels."""

import keras
from keras import layers


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
