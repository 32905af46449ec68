"""Keeps the sum of an optimizer's gradients between calls and never sets it back to 0, so that
the second step takes the first one's gradients along. The statement's step takes g, the sum over
the tasks alone."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "def method_one_step(model, optimizer, batches):": """\
accumulators = {}


def method_one_step(model, optimizer, batches):""",
    "    optimizer.apply(accumulated_gradients(model, batches), model.trainable_variables)": """\
    gradients = accumulated_gradients(model, batches)
    if optimizer not in accumulators:
        accumulators[optimizer] = [tf.zeros_like(gradient) for gradient in gradients]
    accumulators[optimizer] = [
        total + gradient for total, gradient in zip(accumulators[optimizer], gradients, strict=True)
    ]
    optimizer.apply(accumulators[optimizer], model.trainable_variables)""",
}
