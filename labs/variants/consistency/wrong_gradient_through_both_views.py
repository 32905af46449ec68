"""Stops no gradient: the target comes to meet the answer."""

LOSES = {"total_loss-check": 5}
REPLACE = {
    "loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)":
        "loss += self.weight * self.unlabelled_loss(clean, augmented)",
}
