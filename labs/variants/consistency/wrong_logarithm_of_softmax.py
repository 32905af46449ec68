"""Goes to probabilities and back: Keras clips small ones, so large logits give another value."""

LOSES = {"kl_divergence-check": 3}


# %% kl_divergence
def kl_divergence(target, logits):
    p = ops.softmax(ops.stop_gradient(target), axis=-1)
    return keras.losses.kl_divergence(p, ops.softmax(logits, axis=-1))
