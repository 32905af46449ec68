"""Losses of tasks whose labels are missing in part."""

import keras
from keras import ops


@keras.saving.register_keras_serializable("course_lib")
class Present(keras.losses.Loss):
    """Mean of a loss over the labels that are there: those that are not NaN.

    Missing labels have no part in the mean, and exactly no gradient. A batch without any label has
    a loss of zero.

    Args:
        function: Name of a Keras loss, or a function from labels and predictions `(..., values)`
            to losses `(...)`.

    Call arguments:
        y_true: Labels, `(batch, ..., values)`; a last axis of length 1 may be left out. A label is
            missing when any of its values is NaN.
        y_pred: Predictions, `(batch, ..., values)`.

    Example:
        >>> import numpy as np
        >>> labels, predictions = np.array([1, np.nan, 3]), np.zeros((3, 1))
        >>> float(Present("mean_absolute_error")(labels, predictions))
        2.0
    """

    def __init__(self, function, name="present", **kwargs):
        super().__init__(name=name, **kwargs)
        self.function = keras.losses.get(function)

    def call(self, y_true, y_pred):
        if len(y_true.shape) < len(y_pred.shape):
            y_true = ops.expand_dims(y_true, -1)
        missing = ops.isnan(y_true)
        losses = self.function(ops.where(missing, ops.zeros_like(y_true), y_true), y_pred)
        present = ops.cast(ops.logical_not(ops.any(missing, axis=-1)), losses.dtype)
        share = ops.mean(present)
        return losses * present / ops.where(share > 0, share, 1)

    def get_config(self):
        return {
            **super().get_config(),
            "function": keras.saving.serialize_keras_object(self.function),
        }


@keras.saving.register_keras_serializable("course_lib")
def cosine_distance(y_true, y_pred):
    """One minus the cosine of the angle between vectors, `(..., 3)` and `(..., 3)`: 0 to 2."""
    return 1 + keras.losses.cosine_similarity(y_true, y_pred)
