"""A step after each task, as if nothing were to be accumulated."""

LOSES = {"accumulated_gradients-check": 5}
REPLACE = {
    "    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)": """\
    for batch in batches:
        optimizer.apply(accumulated_gradients(model, [batch]), model.trainable_variables)""",
}
