"""Takes the step with a new optimizer in place of the given one."""

LOSES = {"accumulated_gradients-check": 5}
REPLACE = {
    "    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)": """\
    optimizer = keras.optimizers.SGD(optimizer.learning_rate)
    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)""",
}
