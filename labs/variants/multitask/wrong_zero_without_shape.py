"""Stands a plain 0 in for a gradient that is None, so that a variable which no task reaches gets
a scalar. The docstring asks for tensors of the variables' shapes."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "total = [ops.zeros_like(variable) for variable in model.trainable_variables]":
        "total = [0.0] * len(model.trainable_variables)",
    """\
        for i, gradient in enumerate(tape.gradient(loss, model.trainable_variables)):
            if gradient is not None:
                total[i] += tf.convert_to_tensor(gradient)""": """\
        gradients = tape.gradient(loss, model.trainable_variables)
        total = [
            tf.convert_to_tensor(0.0 if gradient is None else gradient) + before
            for before, gradient in zip(total, gradients, strict=True)
        ]""",
}
