"""A model that is compiled already gets the new optimizer but is not compiled again. The statement
says: 'Changing `trainable` later goes unnoticed until the model is compiled again', and the new
loss is ignored."""

LOSES = {"freeze-check": 3}
REPLACE = {
    "    model.compile(optimizer=optimizer, loss=loss)": """\
    if getattr(model, "optimizer", None) is None:
        model.compile(optimizer=optimizer, loss=loss)
    else:
        model.optimizer = optimizer""",
}
