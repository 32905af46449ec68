"""Adapters: small networks between frozen layers, which at first pass everything on as it is.

Houlsby, Giurgiu, Jastrzebski, Morrone, de Laroussilhe, Gesmundo, Attariyan and Gelly,
"Parameter-efficient transfer learning for NLP", ICML 2019; for convolutional networks Rebuffi,
Bilen and Vedaldi, "Learning multiple visual domains with residual adapters", NIPS 2017.
"""

import keras
from keras import layers

from course_lib.transfer.finetuning.wrapping import Wrapped, wrap_layers


@keras.saving.register_keras_serializable("course_lib")
class Adapter(Wrapped):
    """A frozen layer followed by h + U φ(D h), of which D and U are trained.

    D takes the channels to a narrow bottleneck, at each place alike, and U back. U starts at zero:
    the adapter is the identity to the bit until it is trained.

    Args:
        layer: A layer whose output h has the shape `(batch, ..., channels)`.
        width: Channels of the bottleneck.
        activation: φ.

    Raises:
        ValueError: for a width below 1.
    """

    def __init__(self, layer, width, activation="relu", **kwargs):
        if width < 1:
            raise ValueError(f"An adapter needs a width of at least 1, but got {width!r}.")
        super().__init__(layer, **kwargs)
        self.width, self.activation = width, activation

    def build(self, input_shape):
        super().build(input_shape)
        shape = self.layer.compute_output_shape(input_shape)
        policy = self.dtype_policy
        self.down = layers.Dense(self.width, self.activation, dtype=policy, name="down")
        self.up = layers.Dense(shape[-1], kernel_initializer="zeros", dtype=policy, name="up")
        self.down.build(shape)
        self.up.build((*shape[:-1], self.width))

    def call(self, inputs):
        h = self.layer(inputs)
        return h + self.up(self.down(h))

    def get_config(self):
        own = {"width": self.width, "activation": self.activation}
        return {**super().get_config(), **own}


def add_adapters(model, after, width, head=()):
    """Copies a network with everything frozen and adapters behind some of its layers.

    Args:
        model: A functional or sequential `keras.Model`, left as it is.
        after: Names of the layers that get an adapter, such as the cuts of a `Backbone`.
        width: Channels of each adapter's bottleneck.
        head: Names of new layers, which are trained in full.

    Returns:
        A new `keras.Model`, to be compiled, which answers as `model` does until it is trained.
        Besides adapters and head everything is frozen, batch normalisation, too.

    Raises:
        ValueError: if the model has no layer of such a name.
    """
    return wrap_layers(model, after, lambda layer: Adapter(layer, width), head)
