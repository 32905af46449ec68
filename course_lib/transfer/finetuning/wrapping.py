"""Copies of a network in which some layers are frozen inside of others that are trained."""

import keras


class Wrapped(keras.layers.Wrapper):
    """A frozen layer inside of one that is trained; `trainable` never reaches the inner one.

    Args:
        layer: The layer inside.
    """

    def __init__(self, layer, **kwargs):
        super().__init__(layer, **{"name": layer.name, "dtype": layer.dtype_policy, **kwargs})
        layer.trainable = False

    @property
    def trainable(self):
        return super().trainable

    @trainable.setter
    def trainable(self, value):
        keras.layers.Layer.trainable.fset(self, value)
        self.layer.trainable = False


def copy_of(layer):
    """A new layer of the same configuration, which has no weights yet."""
    return type(layer).from_config(layer.get_config())


def wrap_layers(model, names, wrap, head):
    """Copies a network with some of its layers wrapped; those and the head are trained.

    Args:
        model: A functional or sequential `keras.Model`, left as it is.
        names: Names of the layers to wrap.
        wrap: Function of a layer that returns a `Wrapped` one.
        head: Names of the layers that are trained in full, new ones.

    Returns:
        A new `keras.Model` with copies of all weights, to be compiled.

    Raises:
        ValueError: if the model has no layer of such a name, or a layer is named in both.
    """
    known = [layer.name for layer in model.layers]
    if unknown := sorted({*names, *head} - set(known)):
        raise ValueError(
            f"{model.name!r} has no layers {unknown}. There are: {', '.join(known)}. Layers of a "
            "model inside of it are not its own: wrap those before you build on it."
        )
    if both := sorted(set(names) & set(head)):
        raise ValueError(f"{both} are trained in full, as the head, and need no wrapping.")
    copy = keras.models.clone_model(
        model,
        clone_function=lambda old: wrap(copy_of(old)) if old.name in names else copy_of(old),
    )
    for old in (layer for layer in model.layers if layer.weights):
        new = copy.get_layer(old.name)
        (new.layer if isinstance(new, Wrapped) else new).set_weights(old.get_weights())
        new.trainable = old.name in {*names, *head}
    return copy
