"""Adds up the squared errors of a batch, so that tasks with many rows weigh more. The statement
says that L_t is the mean squared error on the batch of task t."""

LOSES = {"accumulated_gradients-check": 3}
REPLACE = {"loss = ops.mean((y - model(inputs)) ** 2)": "loss = ops.sum((y - model(inputs)) ** 2)"}
