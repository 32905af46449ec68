"""Features as in training, with the statistics of the batch; the moving ones are put back afterwards."""

LOSES = {"train_head-check": 3}


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    weights = [ops.copy(weight) for weight in base.non_trainable_variables]
    features = base(x, training=True)
    for variable, weight in zip(base.non_trainable_variables, weights):
        if "moving" in variable.path:
            variable.assign(weight)
    head.fit(features, y, epochs=epochs, batch_size=batch_size, verbose=0)


def attach(base, head):
    return keras.Model(base.input, head(base.output))
