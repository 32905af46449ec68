"""Gradients with respect to inputs: the one thing here that each Keras backend does its own way."""

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
