"""What is private in Keras and used here all the same, each with a test that names Keras."""


def trained_by(optimizer):
    """Returns the variables that a built optimizer trains, a list."""
    return list(optimizer._trainable_variables)


def call_that_made(tensor):
    """Finds the call of a layer that a symbolic tensor came from.

    Args:
        tensor: A `KerasTensor`.

    Returns:
        Keras's `Node`, with `operation`, `input_tensors`, `output_tensors` and `is_input`.
    """
    operation, index, _ = tensor._keras_history
    return operation._inbound_nodes[index]


def loss_tracker(model):
    """Returns the metric in which a compiled model averages its loss over an epoch."""
    return next(metric for metric in model.metrics if metric.name == "loss")
