"""A loop of its own that calls the head as in inference: dropout would never drop."""

LOSES = {"train_head-check": 3}


# %% train_head
import tensorflow as tf


def train_head(base, head, x, y, epochs, batch_size):
    features = base.predict(x, verbose=0)
    for _ in range(epochs):
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            with tf.GradientTape() as tape:
                found = head(features[rows])
                loss = ops.mean(keras.losses.get(head.loss)(y[rows], found)) + sum(head.losses)
            slopes = tape.gradient(loss, head.trainable_variables)
            head.optimizer.apply(slopes, head.trainable_variables)


def attach(base, head):
    return keras.Model(base.input, head(base.output))
