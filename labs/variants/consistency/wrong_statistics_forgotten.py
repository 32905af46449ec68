"""Averages what an optimizer trains, and no moving statistics."""

LOSES = {"ema_teacher-check": 4}
REPLACE = {
    """\
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)""": """\
    trained = {weight.path: weight for weight in student.trainable_variables}
    for weight in teacher.weights:
        if weight.path in trained:
            weight.assign(momentum * weight + (1 - momentum) * trained[weight.path])""",
}
