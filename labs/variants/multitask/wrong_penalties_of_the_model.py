"""Adds the penalties of the model's weights to the loss of each task."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "loss = ops.mean((y - model(inputs)) ** 2)":
        "loss = ops.mean((y - model(inputs)) ** 2) + sum(model.losses)",
}
