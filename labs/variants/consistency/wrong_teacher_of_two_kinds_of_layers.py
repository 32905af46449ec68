"""Averages dense layers and batch normalisation, and no layers of other kinds."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    """\
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)""": """\
    for own, other in zip(teacher.layers, student.layers):
        if isinstance(own, (keras.layers.Dense, keras.layers.BatchNormalization)):
            for old, new in zip(own.weights, other.weights):
                old.assign(momentum * old + (1 - momentum) * new)""",
}
