"""Freezes the base and leaves it so: attached and fine-tuned, it would never move."""

LOSES = {"train_head-check": 3}
REPLACE = {
    "    features = base.predict(x, verbose=0)": """\
    base.trainable = False
    features = base.predict(x, verbose=0)""",
}
