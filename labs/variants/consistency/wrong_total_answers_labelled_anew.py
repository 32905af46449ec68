"""Answers the labelled rows a second time, and ignores `y_pred`."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    """\
        loss = super().compute_loss(x, y, y_pred, sample_weight, training)
        if isinstance(x, dict):
            clean, augmented = (self.network(view, training=training) for view in x["views"])
            loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)
        return loss""": """\
        if not isinstance(x, dict):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        clean, augmented = x["views"]
        answers = self.network(x["labelled"], training=training)
        target = ops.stop_gradient(self.network(clean, training=training))
        consistency = self.unlabelled_loss(target, self.network(augmented, training=training))
        labelled = super().compute_loss(x, y, answers, sample_weight, training)
        return labelled + self.weight * consistency""",
}
