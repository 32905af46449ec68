"""Returns a gradient for every weight of the model, frozen ones among them."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "total = [ops.zeros_like(variable) for variable in model.trainable_variables]":
        "total = [ops.zeros_like(variable) for variable in model.weights]",
    "for i, gradient in enumerate(tape.gradient(loss, model.trainable_variables)):":
        "for i, gradient in enumerate(tape.gradient(loss, model.weights)):",
    "optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)":
        "optimizer.apply(accumulated_gradients(model, batches), model.weights)",
}
