"""Computes the cross entropy alone, without the penalties of regularisers."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    "        loss = super().compute_loss(x, y, y_pred, sample_weight, training)": """\
        loss = ops.mean(
            keras.losses.sparse_categorical_crossentropy(y, y_pred, from_logits=True)
        )""",
}
