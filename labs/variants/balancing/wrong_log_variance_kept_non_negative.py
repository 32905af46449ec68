"""Keeps s from falling below 0 in training."""

LOSES = {"uncertainty-check": 3}
REPLACE = {
    """\
        self.s = self.add_weight(shape=(len(classifies),), initializer="zeros", name="s")""": """\
        self.s = self.add_weight(
            shape=(len(classifies),), initializer="zeros", constraint="non_neg", name="s"
        )""",
}
