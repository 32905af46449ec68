"""Compiles with the mean squared error, whatever loss is given."""

LOSES = {"freeze-check": 3}
REPLACE = {
    "model.compile(optimizer=optimizer, loss=loss)":
        'model.compile(optimizer=optimizer, loss="mse")',
}
