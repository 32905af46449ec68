"""Gradients that are more than `fit` computes: each Keras backend has its own way to them."""

import keras
from keras import ops

from course_lib.keras_internals import loss_tracker


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


def step_with_norms(model, step, *args):
    """Trains a `balancing.Balanced` with a `GradNorm` on one batch, and then moves its weights.

    Args:
        model: The model, whose balance has variables `shared` and a method `update` of norms and
            losses.
        step: The model's ordinary `train_step`.
        *args: What Keras passes to `train_step`: the batch, on JAX after the state.

    Returns:
        What `train_step` returns.

    Raises:
        NotImplementedError: on another backend than TensorFlow and JAX.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        return _step_on_tensorflow(model, *args)
    if backend == "jax":
        return _step_on_jax(model, step, *args)
    raise NotImplementedError(
        f"Gradients of single tasks need TensorFlow or JAX, but the backend is {backend!r}. Set "
        "KERAS_BACKEND, or choose a balance that only looks at losses, such as Uncertainty."
    )


def _norms(gradients):
    """Norms over several variables' gradients, each `(tasks, ...)`: `(tasks,)`."""
    squares = [ops.sum(ops.square(g), axis=tuple(range(1, len(g.shape)))) for g in gradients]
    return ops.sqrt(sum(squares))


def _step_on_tensorflow(model, data):
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    with tape() as recorded:
        y_pred = model(x, training=True)
        losses = model.losses_of_tasks(y, y_pred)
        of_tasks = ops.unstack(losses, num=len(model.tasks))
        total = model.total(losses)
    per_task = of_each(recorded, of_tasks, model.balance.shared)
    variables = model.trainable_variables
    model.optimizer.apply(of_each(recorded, [total], variables)[0], variables)
    model.balance.update(_norms([ops.stack(same) for same in zip(*per_task)]), losses)
    loss_tracker(model).update_state(total)
    return model.compute_metrics(x, y, y_pred, sample_weight)


def _step_on_jax(model, step, state, data):
    import jax

    trainable, fixed, *_ = state
    x, y, _ = keras.utils.unpack_x_y_sample_weight(data)
    shared = {id(variable) for variable in model.balance.shared}
    places = [i for i, variable in enumerate(model.trainable_variables) if id(variable) in shared]

    def losses_of(values):
        mapping = dict(zip(places, values))
        replaced = [mapping.get(i, value) for i, value in enumerate(trainable)]
        y_pred, _ = model.stateless_call(replaced, fixed, x, training=True)
        losses = model.losses_of_tasks(y, y_pred)
        return losses, losses

    per_task, losses = jax.jacrev(losses_of, has_aux=True)([trainable[i] for i in places])
    logs, (trainable, fixed, *rest) = step(state, data)
    mapping = list(zip(model.non_trainable_variables, fixed))
    with keras.StatelessScope(state_mapping=mapping) as scope:
        model.balance.update(_norms(per_task), losses)
    fixed = [scope.get_current_value(variable) for variable, _ in mapping]
    return logs, (trainable, fixed, *rest)
