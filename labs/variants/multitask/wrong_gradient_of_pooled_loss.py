"""Sums over rows and divides once, so that large tasks count for more; on tasks of equal size nobody would notice."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "    total = [ops.zeros_like(variable) for variable in model.trainable_variables]": """\
    rows = sum(len(y) for _, y in batches) / len(batches)
    total = [ops.zeros_like(variable) for variable in model.trainable_variables]""",
    "loss = ops.mean((y - model(inputs)) ** 2)": "loss = ops.sum((y - model(inputs)) ** 2) / rows",
}
