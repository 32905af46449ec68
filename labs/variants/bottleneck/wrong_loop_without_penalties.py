"""A loop of its own, which leaves out the penalties that the head's layers add to the loss."""

LOSES = {"train_head-check": 3}


# %% train_head
import tensorflow as tf


def train_head(base, head, x, y, epochs, batch_size):
    features = base.predict(x, verbose=0)
    for _ in range(epochs):
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            with tf.GradientTape() as tape:
                found = head(features[rows], training=True)
                loss = keras.losses.get(head.loss)(y[rows], found)
            slopes = tape.gradient(loss, head.trainable_variables)
            slopes = [slope / len(found) for slope in slopes]
            head.optimizer.apply(slopes, head.trainable_variables)


def attach(base, head):
    return keras.Model(base.input, head(base.output))
