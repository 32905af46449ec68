"""Asks for views in evaluation, where there are none."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    """\
        if isinstance(x, dict):
            clean, augmented = (self.network(view, training=training) for view in x["views"])
            loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)
        return loss""": """\
        clean, augmented = (self.network(view, training=training) for view in x["views"])
        return loss + self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)""",
}
