"""Weighs the labelled part, and not the other one."""

LOSES = {"total_loss-check": 5}
REPLACE = {
    """\
            loss += self.weight * self.unlabelled_loss(ops.stop_gradient(clean), augmented)""": """\
            unlabelled = self.unlabelled_loss(ops.stop_gradient(clean), augmented)
            loss = self.weight * loss + unlabelled""",
}
