"""Takes the same step twice."""

LOSES = {"accumulated_gradients-check": 5}
REPLACE = {
    "    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)": """\
    for _ in range(2):
        optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)""",
}
