"""Freezing, unfreezing layer by layer, and smaller rates for earlier layers."""

import keras

from course_lib.gradients.rates import layer_rates  # noqa: F401
from course_lib.keras_internals import trained_by
from course_lib.transfer.bottleneck import split


def freeze(model, until=None, train_batch_norm=False):
    """Freezes a model up to a layer, and unfreezes what lies above.

    Batch normalisation stays frozen above it, too: trained on, it would normalise with the
    statistics of small batches and let its moving averages drift away from those that the layers
    above have learned with. Frozen, it works as in inference.

    The model then has to be compiled. Before that Keras refuses to train it; with what was compiled
    for other layers, it would go on to train those.

    Args:
        model: A functional or sequential `keras.Model`.
        until: Name of the last frozen layer, one of `bottleneck.cuts(model)`. None freezes nothing
            but batch normalisation.
        train_batch_norm: Whether batch normalisation is trained like the other layers.

    Raises:
        ValueError: if the model cannot be cut at that layer.
    """
    frozen = split(model, until).base.layers if until else []
    model.trainable = True
    for layer in all_layers(model):
        norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = train_batch_norm or not norm
    for layer in frozen:
        layer.trainable = False
    model.compiled = False


def all_layers(model):
    """Yields a model's layers and, after each nested model, the layers in it."""
    for layer in model.layers:
        yield layer
        if isinstance(layer, keras.Model):
            yield from all_layers(layer)


def check_compiled(model):
    """Complains if a model trains other variables than those that it says are trainable.

    What a compiled model trains is settled at its first step. Where `trainable` is changed by hand
    after that, TensorFlow keeps on training the same variables without a word.

    Args:
        model: A `keras.Model`.

    Raises:
        ValueError: if the model is not compiled, or if `trainable` was changed since it was trained
            and it was not compiled again with a new optimizer.
    """
    if not model.compiled:
        raise ValueError(f"{model.name!r} is not compiled: call `compile()`, then `fit()`.")
    if model.optimizer.built:
        trained = {v.path for v in trained_by(model.optimizer)}
        trainable = {v.path for v in model.trainable_variables}
        if trained != trainable:
            raise ValueError(
                f"`trainable` was changed, but {model.name!r} was not compiled again with a new "
                f"optimizer. It still trains {sorted(trained - trainable)} and still leaves "
                f"{sorted(trainable - trained)} alone."
            )


def fit_gradually(model, plan, compile, epochs, *data, **options):
    """Trains a model whose layers are unfrozen from the top, a few at a time.

    Howard and Ruder, "Universal language model fine-tuning for text classification", ACL 2018.

    Args:
        model: A functional or sequential `keras.Model`.
        plan: Dictionary from epochs, 0 among them, to the layer up to which the model is frozen
            from that epoch on, as in `freeze`.
        compile: Function of the model that compiles it, with a new optimizer. It is called after
            each change.
        epochs: Number of epochs in all.
        data: What `fit` takes by position.
        options: What `fit` takes by name, except `epochs` and `initial_epoch`.

    Returns:
        Dictionary from metrics to a list of their values, one for each epoch, as in Keras's
        `History`.

    Raises:
        ValueError: if the plan does not begin at epoch 0 or goes beyond the last one, or if the
            model cannot be cut at one of the layers.

    Example:
        >>> from course_lib.transfer import backbones
        >>> model = backbones.load("course_tiny").classifier
        >>> plan = {0: "pooled", 3: "block2", 6: None}
        >>> history = fit_gradually(
        ...     model,
        ...     plan,
        ...     lambda model: model.compile("adam", "sparse_categorical_crossentropy"),
        ...     10,
        ...     pictures,
        ...     labels,
        ... )  # doctest: +SKIP
    """
    starts = sorted(plan)
    if not starts or starts[0] != 0 or starts[-1] >= epochs:
        raise ValueError(
            f"The plan begins at epoch 0 and ends before epoch {epochs}, but its epochs are "
            f"{starts}."
        )
    history = {}
    for start, stop in zip(starts, [*starts[1:], epochs]):
        freeze(model, plan[start])
        compile(model)
        part = model.fit(*data, initial_epoch=start, epochs=stop, **options).history
        for metric, values in part.items():
            history.setdefault(metric, []).extend(values)
    return history
