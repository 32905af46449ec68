"""LoRA: a change of low rank beside each frozen kernel.

Hu, Shen, Wallis, Allen-Zhu, Li, Wang, Wang and Chen, "LoRA: low-rank adaptation of large language
models", ICLR 2022.
"""

import keras
from keras import layers, ops

from course_lib.transfer.finetuning.wrapping import Wrapped, copy_of, wrap_layers


@keras.saving.register_keras_serializable("course_lib")
class LoRA(Wrapped):
    """A frozen layer whose kernel is W + α/r · A B, of which A and B are trained.

    B starts at zero, so at first nothing is changed; A at random, or neither would have a gradient.
    (The paper multiplies from the left and writes B A.) A convolution's kernel counts as a matrix
    of height · width · channels rows. Keras has the same as `layer.enable_lora(rank)`.

    Args:
        layer: A `Dense` or `Conv2D` layer.
        rank: r, at least 1.
        alpha: α; r if None. With α fixed, r can be changed without tuning the rate anew.

    Raises:
        ValueError: for another layer or a rank below 1.

    Example:
        >>> layer = LoRA(layers.Dense(5), rank=2)
        >>> layer.build((None, 3))
        >>> tuple(layer.a.shape), tuple(layer.b.shape)
        ((3, 2), (2, 5))
    """

    def __init__(self, layer, rank, alpha=None, **kwargs):
        if not isinstance(layer, layers.Dense | layers.Conv2D) or rank < 1:
            raise ValueError(
                "LoRA takes a Dense or Conv2D layer and a rank of at least 1, but got "
                f"{layer!r} and {rank!r}."
            )
        super().__init__(layer, **kwargs)
        self.rank, self.alpha = rank, rank if alpha is None else alpha

    def build(self, input_shape):
        super().build(input_shape)
        *rows, columns = self.layer.kernel.shape
        self.a = self.add_weight((*rows, self.rank), "he_uniform", name="a")
        self.b = self.add_weight((self.rank, columns), "zeros", name="b")

    def merged(self):
        """The inner layer's weights, its kernel with the change, a list of tensors."""
        change = self.alpha / self.rank * ops.matmul(self.a, self.b)
        kernel, *rest = self.layer.weights
        return [kernel + change, *(weight.value for weight in rest)]

    def call(self, inputs):
        outputs, _ = self.layer.stateless_call([], self.merged(), inputs)
        return outputs

    def get_config(self):
        return {**super().get_config(), "rank": self.rank, "alpha": self.alpha}


def add_lora(model, rank, alpha=None, head=()):
    """Copies a network with every kernel frozen and a change of low rank beside it.

    Args:
        model: A functional or sequential `keras.Model`, left as it is.
        rank: r of each change.
        alpha: α; r if None.
        head: Names of new layers, which are trained in full.

    Returns:
        A new `keras.Model`, to be compiled, which answers as `model` does until it is trained.
        Besides A and B and the head everything is frozen, batch normalisation, too.

    Raises:
        ValueError: if the model has no layer of such a name.
    """
    names = [
        layer.name
        for layer in model.layers
        if isinstance(layer, layers.Dense | layers.Conv2D) and layer.name not in head
    ]
    return wrap_layers(model, names, lambda layer: LoRA(layer, rank, alpha), head)


def merge(model):
    """Adds the changes to the kernels: an ordinary network, which costs no more than the first one.

    Args:
        model: A `keras.Model` from `add_lora`, left as it is.

    Returns:
        A new `keras.Model` without `LoRA` layers, with the same answers up to rounding.
    """

    def plain(layer):
        return copy_of(layer.layer if isinstance(layer, LoRA) else layer)

    merged = keras.models.clone_model(model, clone_function=plain)
    for layer in (layer for layer in model.layers if layer.weights):
        weights = layer.merged() if isinstance(layer, LoRA) else layer.weights
        merged.get_layer(layer.name).set_weights([ops.convert_to_numpy(w) for w in weights])
    return merged
