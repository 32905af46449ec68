"""Layers in which modalities meet or are left out, and a network that aligns them."""

import keras
from keras import layers, ops

from course_lib.contrastive import info_nce
from course_lib.seeds import SavesDraws


@keras.saving.register_keras_serializable("course_lib")
class ModalityDropout(SavesDraws, layers.Layer):
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
class LowRankFusion(layers.Layer):
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


@keras.saving.register_keras_serializable("course_lib")
class CrossAttention(layers.Layer):
    """Each step of one modality looks up what it needs in another one: softmax(QKᵀ / √d) V.

    Queries Q come from the first modality, keys K and values V from the second. This is what
    `keras.layers.MultiHeadAttention` does with one head, without its last projection. Vaswani and
    others, "Attention is all you need", NeurIPS 2017; between modalities, Tsai, Bai, Liang, Kolter,
    Morency and Salakhutdinov, "Multimodal transformer for unaligned multimodal language
    sequences", ACL 2019.

    Args:
        units: d, the size of queries, keys and values.

    Call arguments:
        query: The modality that asks, `(rows, steps, features)`.
        value: The modality that answers, `(rows, other steps, other features)`.
        value_mask: Which steps of the answering modality are no padding, `(rows, other steps)`
            bool; all of them if None. Keras passes it on from layers such as `Masking`.

    Returns:
        A tensor, `(rows, steps, units)`; zeros in rows whose answering modality is nothing but
        padding.
    """

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units, self.supports_masking = units, True
        self.queries, self.keys, self.values = (
            layers.Dense(units, dtype=self.dtype_policy, name=name)
            for name in ("query", "key", "value")
        )

    def build(self, query_shape, value_shape):
        self.queries.build(query_shape)
        self.keys.build(value_shape)
        self.values.build(value_shape)

    def call(self, query, value, value_mask=None):
        keys = ops.swapaxes(self.keys(value), 1, 2)
        scores = ops.cast(self.queries(query) / self.units**0.5 @ keys, "float32")
        if value_mask is None:
            weights = ops.softmax(scores)
        else:
            present = ops.expand_dims(value_mask, 1)
            weights = ops.softmax(ops.where(present, scores, -1e9)) * ops.cast(present, "float32")
        return ops.cast(weights, self.compute_dtype) @ self.values(value)

    def compute_output_shape(self, query_shape, value_shape):
        return (*query_shape[:-1], self.units)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable("course_lib")
class Aligned(keras.Model):
    """A network whose embeddings of two modalities are drawn together, row by row.

    Adds `weight` times the symmetric InfoNCE of the two embeddings to the loss that it is compiled
    with. Every other row of the batch is a negative, *also one of the same class*: alignment knows
    no labels. Radford and others, "Learning transferable visual models from natural language
    supervision", ICML 2021.

    Args:
        network: A functional `keras.Model` to a list of three: the answer, and the embeddings of
            the two modalities, `(rows, units)` each.
        weight: Weight of the alignment beside the loss of the answer.
        temperature: Temperature of the similarities, above 0.

    Returns:
        As a model, the answer alone.

    Raises:
        ValueError: for a network without two embeddings; in training, for weights of rows or of
            classes: a row is also a negative of all others, which no weight takes back.
    """

    def __init__(self, network, weight=1.0, temperature=0.1, **kwargs):
        super().__init__(**kwargs)
        if len(network.outputs) != 3:
            raise ValueError(
                "The network gives an answer and two embeddings, but this one has "
                f"{len(network.outputs)} outputs."
            )
        self.network, self.weight, self.temperature = network, weight, temperature
        self.built = True

    def call(self, inputs, training=False):
        answer, *embeddings = self.network(inputs, training=training)
        self.add_loss(self.weight * info_nce(*embeddings, self.temperature))
        return answer

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if sample_weight is not None:
            raise ValueError(
                "Alignment takes no weights of rows or classes: a row is also a negative of all "
                "others. Leave rows out, or repeat them."
            )
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def get_config(self):
        config = {"network": self.network, "weight": self.weight, "temperature": self.temperature}
        return {**super().get_config(), **keras.saving.serialize_keras_object(config)}

    @classmethod
    def from_config(cls, config):
        return cls(**keras.saving.deserialize_keras_object(config))
