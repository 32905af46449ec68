"""Layers in which modalities meet, or are left out."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class ModalityDropout(keras.layers.Layer):
    """Leaves whole modalities out in training, so that a model works with those that are there.

    Each modality of each row is left out, that is zero, by chance; never all of a row. In
    inference nothing is changed, so a modality that is missing must be given as zeros.
    Neverova, Wolf, Taylor and Nebout, "ModDrop: adaptive multi-modal gesture recognition", TPAMI
    38, 2016.

    Args:
        rate: Chance of each modality to be left out, below 1.
        seed: Seed, or None.

    Call arguments:
        modalities: List of tensors, `(rows, ...)` each.

    Returns:
        List of tensors of the same shapes.

    Raises:
        ValueError: for a rate outside of [0, 1).
    """

    def __init__(self, rate=0.3, seed=None, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"rate is from 0 to below 1, but got {rate}.")
        self.rate, self.seed = rate, seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def call(self, modalities, training=False):
        if not training:
            return list(modalities)
        shape = (ops.shape(modalities[0])[0], len(modalities))
        lots = keras.random.uniform(shape, seed=self.seed_generator)
        luckiest = ops.equal(lots, ops.max(lots, axis=1, keepdims=True))
        kept = ops.logical_or(lots >= self.rate, luckiest)
        return [
            x * ops.reshape(ops.cast(kept[:, i], x.dtype), (-1,) + (1,) * (len(x.shape) - 1))
            for i, x in enumerate(modalities)
        ]

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


@keras.saving.register_keras_serializable("course_lib")
class LowRankFusion(keras.layers.Layer):
    """Products of all features of all modalities, by a tensor of low rank: Σ_r Π_m (A_mr [x_m, 1]).

    With one more feature that is always 1, products of fewer modalities are among them.
    Liu, Shen, Lakshminarasimhan, Liang, Zadeh and Morency, "Efficient low-rank multimodal fusion
    with modality-specific factors", ACL 2018.

    Args:
        units: Number of outputs.
        rank: Number of terms r.

    Call arguments:
        modalities: List of tensors, `(rows, features)` each.

    Returns:
        A tensor, `(rows, units)`.
    """

    def __init__(self, units, rank=4, **kwargs):
        super().__init__(**kwargs)
        self.units, self.rank = units, rank

    def build(self, input_shape):
        # Each is a weight of the layer: factors in a list that Keras does not know never learn.
        self.factors = [
            self.add_weight(
                shape=(features + 1, self.rank * self.units),
                initializer="glorot_normal",
                name=f"factor_{number}",
            )
            for number, (_, features) in enumerate(input_shape)
        ]

    def call(self, modalities):
        product = 1.0
        for x, factor in zip(modalities, self.factors):
            x = ops.concatenate([x, ops.ones_like(x[:, :1])], axis=1)
            product = product * ops.reshape(x @ factor, (-1, self.rank, self.units))
        return ops.sum(product, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0][0], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units, "rank": self.rank}
