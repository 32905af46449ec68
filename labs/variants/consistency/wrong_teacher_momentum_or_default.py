"""Takes a momentum of 0 for one that is not given."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    "    for old, new in zip(teacher.weights, student.weights, strict=True):": """\
    momentum = momentum or 0.999
    for old, new in zip(teacher.weights, student.weights, strict=True):""",
}
