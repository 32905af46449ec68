"""Answers clean views once, and keeps these targets for all batches."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    """\
            clean, augmented = (self.network(view, training=training) for view in x["views"])
            loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)""": """\
            clean, augmented = x["views"]
            if not hasattr(self, "targets"):
                self.targets = ops.stop_gradient(self.network(clean, training=training))
            answers = self.network(augmented, training=training)
            loss += self.weight * self.unlabelled_loss(self.targets, answers)""",
}
