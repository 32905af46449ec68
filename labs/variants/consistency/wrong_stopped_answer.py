"""Stops the gradient of the augmented view: the target learns from the answer."""

LOSES = {"total_loss-check": 5}
REPLACE = {
    "loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)":
        "loss += self.weight * self.unlabelled_loss(clean, ops.stop_gradient(augmented))",
}
