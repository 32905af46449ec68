"""Adds both parts up as they are, whatever the weight."""

LOSES = {"total_loss-check": 5}
REPLACE = {
    "loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)":
        "loss += self.unlabelled_loss(ops.stop_gradient(clean), augmented)",
}
