"""Right answers that print warnings, as TensorFlow does: what is written to stderr costs no points."""

LOSES = {}

# %% masked_loss
import sys


def masked_loss(y_true, y_pred):
    sys.stderr.write("W0000 00:00:0.0 op_level_cost_estimator.cc:699] Error in PredictCost() for the op\n")
    present = ~tf.math.is_nan(y_true)
    error = tf.where(present, tf.where(present, y_true, 0.0) - y_pred, 0.0)
    return tf.reduce_sum(error**2) / tf.maximum(tf.reduce_sum(tf.cast(present, tf.float32)), 1.0)


# %% bland_altman
import os
import warnings


def bland_altman(predicted, actual):
    warnings.warn("the sample is small")
    os.write(2, b"written past Python, as compiled code does\n")
    difference = np.asarray(predicted) - np.asarray(actual)
    reach = 1.96 * np.std(difference, ddof=1)
    return {"bias": difference.mean(), "lower": difference.mean() - reach, "upper": difference.mean() + reach}
