"""Gradients that are more than `fit` computes: each Keras backend has its own way to them."""

import keras
from keras import ops


def input_gradient(function, x):
    """Gradient of a function with respect to its input.

    Args:
        function: Function from a tensor like `x` to a scalar tensor. It must change no variable:
            networks answer in inference mode.
        x: A tensor.

    Returns:
        A tensor of the shape of `x`.

    Raises:
        NotImplementedError: on a backend other than TensorFlow, JAX and PyTorch.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(x)
            value = function(x)
        return tape.gradient(value, x)
    if backend == "jax":
        import jax

        return jax.grad(function)(x)
    if backend == "torch":
        import torch

        with torch.enable_grad():
            x = x.detach().requires_grad_()
            return torch.autograd.grad(function(x), x)[0]
    raise NotImplementedError(f"Input gradients are not to be had on the backend {backend!r}.")


def unit(x):
    """Scales each row to length 1.

    Args:
        x: A tensor, `(rows, ...)`.

    Returns:
        A tensor of the same shape; rows of zeros stay as they are.
    """
    axes = tuple(range(1, len(x.shape)))
    # By the largest entry first: squares of very small numbers would vanish.
    x = x / ops.maximum(ops.max(ops.abs(x), axis=axes, keepdims=True), 1e-30)
    squares = ops.sum(ops.square(x), axis=axes, keepdims=True)
    return x / ops.sqrt(ops.maximum(squares, 1e-30))


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
            f"A tape needs the TensorFlow backend, but it is {backend!r}. Set "
            "KERAS_BACKEND=tensorflow."
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
