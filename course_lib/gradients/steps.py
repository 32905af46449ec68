"""Training steps from the gradients of single tasks, on each backend of Keras.

Reverse mode has one primitive: from the values (L_1, …, L_N, penalties) of a batch, *pull back*
coefficients c, that is compute the gradient of Σ_i c_i values_i with respect to all trainable
variables. Task t's gradient is the pull of a one-hot c, a weighted sum's that of the weights. What
is made of such gradients is the model's affair; how to get them, and where the state goes that a
step changes, differs between backends, and is all that is here.
"""

import keras
from keras import ops


def by_tasks(model, *args):
    """Trains a model on one batch, by gradients that it makes of its tasks' gradients.

    Args:
        model: A `keras.Model` with `values_of(y, y_pred, sample_weight, penalties)`, which returns
            the losses of its tasks and the penalties, `(tasks + 1,)`;
            `gradients_of(pull, values)`, which returns a gradient for each trainable variable and
            the loss; and `logs_of(x, y, y_pred, sample_weight, values, loss)`, which returns the
            logs.
        *args: What Keras passes to `train_step`: the batch, on JAX after the state.

    Returns:
        What `train_step` returns.

    Raises:
        NotImplementedError: on a backend other than TensorFlow, JAX and PyTorch.
    """
    backend = keras.backend.backend()
    ways = {"tensorflow": _on_tensorflow, "jax": _on_jax, "torch": _on_torch}
    if backend not in ways:
        raise NotImplementedError(
            f"Gradients of single tasks need one of {list(ways)}, but the backend is {backend!r}. "
            "Set KERAS_BACKEND, or choose a balance that only looks at losses, such as Uncertainty."
        )
    return ways[backend](model, *args)


def _on_tensorflow(model, data):
    import tensorflow as tf

    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    with tf.GradientTape(persistent=True) as tape:
        y_pred = model(x, training=True)
        values = model.values_of(y, y_pred, sample_weight, model.losses)
    variables = [variable.value for variable in model.trainable_variables]

    def pull(coefficients):
        found = tape.gradient(
            values, variables, output_gradients=coefficients, unconnected_gradients="zero"
        )
        return [tf.convert_to_tensor(gradient) for gradient in found]

    gradients, loss = _scaled(model, pull, values)
    model.optimizer.apply(gradients, model.trainable_variables)
    return model.logs_of(x, y, y_pred, sample_weight, values, loss)


def _on_jax(model, state, data):
    import jax

    trainable, fixed, optimizer, metrics = state
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)

    def answer(trainable):
        y_pred, moved, penalties = model.stateless_call(
            trainable, fixed, x, training=True, return_losses=True
        )
        return model.values_of(y, y_pred, sample_weight, penalties), (y_pred, moved)

    values, pull, (y_pred, fixed) = jax.vjp(answer, trainable, has_aux=True)
    groups = [
        (model.trainable_variables, trainable),
        (model.non_trainable_variables, fixed),
        (model.optimizer.variables, optimizer),
        (model.metrics_variables, metrics),
    ]
    mapping = [pair for variables, now in groups for pair in zip(variables, now)]
    with keras.StatelessScope(state_mapping=mapping) as scope:
        gradients, loss = _scaled(model, lambda coefficients: pull(coefficients)[0], values)
        logs = model.logs_of(x, y, y_pred, sample_weight, values, loss)
    trainable, optimizer = model.optimizer.stateless_apply(optimizer, gradients, trainable)
    fixed = [scope.get_current_value(v) for v in model.non_trainable_variables]
    metrics = [scope.get_current_value(v) for v in model.metrics_variables]
    return logs, (trainable, fixed, optimizer, metrics)


def _on_torch(model, data):
    import torch

    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    y_pred = model(x, training=True)
    values = model.values_of(y, y_pred, sample_weight, model.losses)
    variables = [variable.value for variable in model.trainable_variables]

    def pull(coefficients):
        found = torch.autograd.grad(
            values, variables, coefficients, retain_graph=True, allow_unused=True
        )
        return [torch.zeros_like(v) if g is None else g for g, v in zip(found, variables)]

    gradients, loss = _scaled(model, pull, values)
    with torch.no_grad():
        model.optimizer.apply(gradients, model.trainable_variables)
        return model.logs_of(x, y, y_pred, sample_weight, values, loss)


def _scaled(model, pull, values):
    """The model's gradients, times the scale that its optimizer will divide them by, and the loss.

    Half precision needs the scale on the way back through the network; what is made of the
    gradients there needs them as they are.
    """
    scale = model.optimizer.scale_loss(ops.ones(()))

    def pull_scaled(coefficients):
        return [gradient / scale for gradient in pull(ops.cast(coefficients, "float32") * scale)]

    gradients, loss = model.gradients_of(pull_scaled, values)
    return [scale * gradient for gradient in gradients], loss


def and_look_back(model, step, *args):
    """Trains a model on one batch, and then tells its balance the losses on the same batch.

    The second look is in training mode, as the first one was, and changes no state.

    Args:
        model: A `keras.Model` with `losses_of_tasks(y, y_pred, sample_weight)` and a `balance` with
            `after_step(losses)`.
        step: The model's ordinary `train_step`.
        *args: As of `by_tasks`.

    Returns:
        What `train_step` returns.
    """
    *state, data = args
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    if not state:
        logs = step(data)
        kept = [(variable, ops.copy(variable)) for variable in model.non_trainable_variables]
        y_pred = model(x, training=True)
        for variable, value in kept:
            variable.assign(value)
        model.balance.after_step(model.losses_of_tasks(y, y_pred, sample_weight))
        return logs
    logs, (trainable, fixed, *rest) = step(*state, data)
    y_pred, _ = model.stateless_call(trainable, fixed, x, training=True)
    mapping = list(zip(model.non_trainable_variables, fixed))
    with keras.StatelessScope(state_mapping=mapping) as scope:
        model.balance.after_step(model.losses_of_tasks(y, y_pred, sample_weight))
    fixed = [scope.get_current_value(variable) for variable, _ in mapping]
    return logs, (trainable, fixed, *rest)
