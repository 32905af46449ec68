"""Takes a step of plain gradient descent whatever the optimizer is, and only counts it there:
momentum, Adam or clipping have no effect. The docstring says that optimizer.apply takes the
step."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)": """\
    gradients = accumulated_gradients(model, batches)
    for variable, gradient in zip(model.trainable_variables, gradients, strict=True):
        variable.assign_sub(optimizer.learning_rate * gradient)
    optimizer.iterations.assign_add(1)""",
}
