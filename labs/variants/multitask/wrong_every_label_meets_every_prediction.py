"""Turns the labels into a column, and the difference to the predictions broadcasts to a matrix of
all pairs of rows. The statement asks for the mean squared error on the batch."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {
    "loss = ops.mean((y - model(inputs)) ** 2)":
        "loss = ops.mean((np.reshape(y, (-1, 1)) - model(inputs)) ** 2)",
}
