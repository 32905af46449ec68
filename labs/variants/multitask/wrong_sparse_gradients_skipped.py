"""Skips the gradients that come as `tf.IndexedSlices`, so that the heads never learn."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "if gradient is not None:":
        "if gradient is not None and not isinstance(gradient, tf.IndexedSlices):",
}
