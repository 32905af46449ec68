"""Returns a gradient for every weight of the model, frozen ones among them."""

LOSES = {"accumulated_gradients-check": 3}


# %% accumulated_gradients
def accumulated_gradients(model, batches):
    total = [ops.zeros_like(variable) for variable in model.weights]
    for inputs, y in batches:
        with tf.GradientTape() as tape:
            loss = ops.mean((y - model(inputs)) ** 2)
        for i, gradient in enumerate(tape.gradient(loss, model.weights)):
            if gradient is not None:
                total[i] += tf.convert_to_tensor(gradient)
    return total


def method_one_step(model, optimizer, batches):
    optimizer.apply(accumulated_gradients(model, batches), model.weights)
