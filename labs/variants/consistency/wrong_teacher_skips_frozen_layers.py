"""Averages what is trained and moving statistics, but no frozen layers."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    "    for old, new in zip(teacher.weights, student.weights, strict=True):": """\
    trained = {id(variable) for variable in student.trainable_variables}
    for old, new in zip(teacher.weights, student.weights, strict=True):""",
    "        old.assign(momentum * old + (1 - momentum) * new)": """\
        if id(new) in trained or "moving_" in new.path:
            old.assign(momentum * old + (1 - momentum) * new)""",
}
