"""Answers the clean views in inference mode, as if by a teacher."""

LOSES = {"total_loss-check": 3}
REPLACE = {
    """\
            clean, augmented = (self.network(view, training=training) for view in x["views"])
            loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)""": """\
            clean, augmented = x["views"]
            target = ops.stop_gradient(self.network(clean, training=False))
            answer = self.network(augmented, training=training)
            loss += self.weight * self.unlabelled_loss(target, answer)""",
}
