"""Learning rates of their own for parts of a network."""

import re

import keras


def layer_rates(model, optimizer, rates):
    """Gives layers learning rates of their own, usually smaller ones to earlier layers.

    Args:
        model: A `keras.Model`, frozen as it will be trained.
        optimizer: A Keras optimizer. Its settings hold for all layers, and its learning rate for
            those that no pattern names.
        rates: Dictionary from patterns to learning rates. A pattern is a regular expression for
            the whole path of a variable, such as `"block1_.*"` for `"block1_first_conv/kernel"`.

    Returns:
        A `keras.optimizers.MultiOptimizer` to compile the model with.

    Raises:
        ValueError: if a pattern matches no trainable variable: Keras would silently give what was
            meant the learning rate of all others. Or if two match the same one.
        RuntimeError: if Keras is too old for layers to have rates of their own.

    Example:
        >>> from course_lib.transfer import backbones
        >>> model = backbones.load("course_tiny").classifier
        >>> adam = keras.optimizers.Adam(1e-3)
        >>> model.compile(layer_rates(model, adam, {"stem.*|block1.*": 1e-5, "block2.*": 1e-4}))
    """
    if not hasattr(keras.optimizers, "MultiOptimizer"):
        raise RuntimeError(
            f"Keras {keras.__version__} has no MultiOptimizer: rates by layer need a newer one."
        )
    paths = [variable.path for variable in model.trainable_variables]
    for path in paths:
        matching = [pattern for pattern in rates if re.fullmatch(pattern, path)]
        if len(matching) > 1:
            raise ValueError(f"{path!r} gets one rate, but the patterns {matching} match it.")
    for pattern in rates:
        if not any(re.fullmatch(pattern, path) for path in paths):
            raise ValueError(
                f"{pattern!r} matches the whole path of no trainable variable. There are: "
                f"{', '.join(paths)}."
            )
    settings = optimizer.get_config()
    optimizers = {
        pattern: type(optimizer).from_config({**settings, "learning_rate": rate})
        for pattern, rate in rates.items()
    }
    return keras.optimizers.MultiOptimizer(keras.optimizers.OptimizerMap(optimizer, optimizers))
