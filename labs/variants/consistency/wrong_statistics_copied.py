"""Averages the weights and copies the moving statistics."""

LOSES = {"ema_teacher-check": 4}
REPLACE = {
    """\
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)""": """\
    for old, new in zip(teacher.weights, student.weights):
        share = 0.0 if "moving" in old.path else momentum
        old.assign(share * old + (1 - share) * new)""",
}
