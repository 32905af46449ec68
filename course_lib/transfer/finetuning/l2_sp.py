"""L²-SP: fine-tuning that shrinks weights towards where they started, not towards zero."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class L2SP(keras.Model):
    """A network whose loss gets α/2 ‖w − w⁰‖² + β/2 ‖w'‖².

    Li, Grandvalet and Davoine, "Explicit inductive bias for transfer learning with convolutional
    networks", ICML 2018. The weights w that were taken over start at w⁰, the new ones w' have
    nothing to go back to. With α = β = 0 this is plain fine-tuning; α → ∞ freezes what was taken
    over. Weights that are frozen, and moving statistics, have no part in it.

    w⁰ is a copy of the network as it is now, and is saved with the model.

    Args:
        network: A functional `keras.Model` with the source's weights and without regularizers.
        alpha: α, for the loss as Keras takes it, a mean over rows.
        beta: β.
        new: Names of the network's new layers, such as the head.

    Raises:
        ValueError: if there is no layer of such a name, or if a weight has a regularizer, which
            would pull it elsewhere.

    Example:
        >>> x = keras.Input((3,))
        >>> head = keras.layers.Dense(2, name="head")
        >>> network = keras.Model(x, head(keras.layers.Dense(4)(x)))
        >>> model = L2SP(network, alpha=0.1, beta=0.01, new=["head"])
    """

    def __init__(self, network, alpha, beta=0.0, new=(), **kwargs):
        super().__init__(**kwargs)
        if pulled := [w.path for w in network.weights if w.regularizer]:
            raise ValueError(
                f"The weights {pulled} have regularizers of their own, which pull them elsewhere "
                "than L²-SP does. Build the network without."
            )
        self.new = tuple(network.get_layer(name).name for name in new)
        self.network, self.alpha, self.beta = network, alpha, beta
        self.source = keras.models.clone_model(network)
        self.source.set_weights(network.get_weights())
        self.source.trainable = False
        self.built = True  # as its network is

    def call(self, inputs, training=None):
        return self.network(inputs, training=training)

    def penalty(self):
        """α/2 ‖w − w⁰‖² + β/2 ‖w'‖² over the weights that are trained, a scalar."""
        total = ops.zeros(())
        for layer, source in zip(self.network.layers, self.source.layers):
            for w, start in zip(layer.weights, source.weights):
                if w.trainable and layer.name in self.new:
                    total += self.beta / 2 * ops.sum(ops.square(w))
                elif w.trainable:
                    total += self.alpha / 2 * ops.sum(ops.square(w - start))
        return total

    def compute_loss(self, *args, **kwargs):
        """As for `keras.Model`, with the penalty.

        Raises:
            ValueError: if the optimizer decays weights, for that pulls all of them to zero.
        """
        if getattr(self.optimizer, "inner_optimizer", self.optimizer).weight_decay:
            raise ValueError(
                f"{self.optimizer.name!r} decays all weights towards zero, and L²-SP those that "
                "were taken over towards their start: give the optimizer `weight_decay=None`."
            )
        return super().compute_loss(*args, **kwargs) + self.penalty()

    def get_config(self):
        network = keras.saving.serialize_keras_object(self.network)
        own = {"network": network, "alpha": self.alpha, "beta": self.beta, "new": self.new}
        return {**super().get_config(), **own}

    @classmethod
    def from_config(cls, config):
        network = keras.saving.deserialize_keras_object(config["network"])
        return cls(**{**config, "network": network})
