"""Gradients of several losses at once: the one thing here that each Keras backend does its own way.

Only TensorFlow is served: its tape is asked once for each loss.
"""

import keras


def tape():
    """A tape that can be asked for several gradients.

    Returns:
        A `tf.GradientTape`, to be used in a `with` statement.

    Raises:
        NotImplementedError: on another backend than TensorFlow.
    """
    backend = keras.backend.backend()
    if backend != "tensorflow":
        raise NotImplementedError(
            f"Gradients of single tasks need the TensorFlow backend, but it is {backend!r}. Set "
            "KERAS_BACKEND=tensorflow, or choose a balance that weighs losses, such as Uncertainty."
        )
    import tensorflow as tf

    return tf.GradientTape(persistent=True)


def of_each(tape, losses, variables):
    """The gradient of each loss; zeros where a loss does not depend on a variable.

    Args:
        tape: The `tape` under which the losses were computed.
        losses: List of scalar tensors.
        variables: List of Keras variables.

    Returns:
        List of one list for each loss, of a tensor for each variable.
    """
    values = [variable.value for variable in variables]
    return [tape.gradient(loss, values, unconnected_gradients="zero") for loss in losses]
