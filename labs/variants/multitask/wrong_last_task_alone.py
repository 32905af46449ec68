"""Overwrites the sum with each task's gradients, so that the last task decides alone."""

LOSES = {"accumulated_gradients-check": 5}
REPLACE = {
    "total[i] += tf.convert_to_tensor(gradient)": "total[i] = tf.convert_to_tensor(gradient)",
}
