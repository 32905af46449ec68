"""Takes the sigmoid of the largest logit for the probability of its class."""

LOSES = {"uda_loss-check": 3}
REPLACE = {
    "sure = ops.max(ops.softmax(clean, axis=-1), axis=-1) > threshold":
        "sure = ops.max(ops.sigmoid(clean), axis=-1) > threshold",
}
