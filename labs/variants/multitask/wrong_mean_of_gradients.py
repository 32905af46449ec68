"""Averages over tasks instead of summing: the same direction, another learning rate."""

LOSES = {"accumulated_gradients-check": 5}
REPLACE = {
    "total[i] += tf.convert_to_tensor(gradient)":
        "total[i] += tf.convert_to_tensor(gradient) / len(batches)",
}
