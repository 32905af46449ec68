"""Keeps the sum of an optimizer's gradients between calls and never sets it back to 0, so that
the second step takes the first one's gradients along. The statement's step takes g, the sum over
the tasks alone."""

LOSES = {"accumulated_gradients-check": 3}


# %% accumulated_gradients
def accumulated_gradients(model, batches):
    total = [ops.zeros_like(variable) for variable in model.trainable_variables]
    for inputs, y in batches:
        with tf.GradientTape() as tape:
            loss = ops.mean((y - model(inputs)) ** 2)
        for i, gradient in enumerate(tape.gradient(loss, model.trainable_variables)):
            if gradient is not None:
                total[i] += tf.convert_to_tensor(gradient)
    return total


accumulators = {}


def method_one_step(model, optimizer, batches):
    gradients = accumulated_gradients(model, batches)
    if optimizer not in accumulators:
        accumulators[optimizer] = [tf.zeros_like(gradient) for gradient in gradients]
    accumulators[optimizer] = [
        total + gradient for total, gradient in zip(accumulators[optimizer], gradients, strict=True)
    ]
    optimizer.apply(accumulators[optimizer], model.trainable_variables)
