"""Leaves out the gradients of variables that no task reaches."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "total = [ops.zeros_like(variable) for variable in model.trainable_variables]": "total = {}",
    "total[i] += tf.convert_to_tensor(gradient)":
        "total[i] = total.get(i, 0.0) + tf.convert_to_tensor(gradient)",
    "return total": "return [total[i] for i in sorted(total)]",
}
