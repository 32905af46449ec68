"""Lets the tape add up the tasks' losses and hands on its tf.IndexedSlices where a model picks
rows of a variable. The docstring asks for dense tensors."""

LOSES = {"accumulated_gradients-check": 3}


# %% accumulated_gradients
def accumulated_gradients(model, batches):
    with tf.GradientTape() as tape:
        loss = 0.0
        for inputs, y in batches:
            loss += ops.mean((y - model(inputs)) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    return [
        ops.zeros_like(variable) if gradient is None else gradient
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True)
    ]


def method_one_step(model, optimizer, batches):
    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)
