"""Takes softmax first and then the cross entropy from logits."""

LOSES = {"total_loss-check": 5}
REPLACE = {
    "loss = super().compute_loss(x, y, y_pred, sample_weight, training)":
        "loss = super().compute_loss(x, y, tf.nn.softmax(y_pred), sample_weight, training)",
}
