"""Head first, then everything: a random head would distort the features that it is given."""

from course_lib.transfer.bottleneck import split
from course_lib.transfer.freezing import freeze


def probe_then_fine_tune(model, layer, compile, x, y, probe_epochs, epochs, **options):
    """Trains the head on frozen features, and then the whole model from there (LP-FT).

    Kumar, Raghunathan, Jones, Ma and Liang, "Fine-tuning can distort pretrained features and
    underperform out-of-distribution", ICLR 2022. With `epochs=0` the model is the linear probe.
    Features are computed once. While everything is trained, batch normalisation stays frozen, as
    in `freezing.freeze`.

    Args:
        model: A functional or sequential `keras.Model` from inputs to answers, whose head is new.
        layer: Name of the bottleneck, one of `bottleneck.cuts(model)`. What lies above is the head.
        compile: Function of a model that compiles it with a new optimizer. It is called for the
            head, a model from features to answers, and for the whole.
        x: Inputs, `(rows, ...)`.
        y: Labels, as `fit` takes them.
        probe_epochs: Epochs of the head.
        epochs: Epochs of everything. Rivals should get both budgets.
        **options: What `fit` takes by name, for both.

    Returns:
        Dictionary from metrics to a list of their values, one for each epoch of both trainings.

    Raises:
        ValueError: if the model cannot be cut at that layer.

    Example:
        >>> from course_lib.transfer import backbones
        >>> model = backbones.load("course_tiny").classifier
        >>> compile = lambda model: model.compile("adam", "sparse_categorical_crossentropy")
        >>> probe_then_fine_tune(model, "pooled", compile, x, y, 20, 5)  # doctest: +SKIP
    """
    base, head, _ = split(model, layer)
    compile(head)
    features = base.predict(x, verbose=0)
    history = dict(head.fit(features, y, epochs=probe_epochs, **options).history)
    freeze(model)
    compile(model)
    for metric, values in model.fit(x, y, epochs=epochs, **options).history.items():
        history[metric] = [*history.get(metric, []), *values]
    return history
