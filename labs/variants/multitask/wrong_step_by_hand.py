"""Takes a step of plain gradient descent whatever the optimizer is, and only counts it there:
momentum, Adam or clipping have no effect. The docstring says that optimizer.apply takes the
step."""

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


def method_one_step(model, optimizer, batches):
    gradients = accumulated_gradients(model, batches)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        variable.assign_sub(optimizer.learning_rate * gradient)
    optimizer.iterations.assign_add(1)
