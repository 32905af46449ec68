"""Keeps the momentum below 0.99, so a teacher never stays."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    "    for old, new in zip(teacher.weights, student.weights, strict=True):": """\
    momentum = min(momentum, 0.99)
    for old, new in zip(teacher.weights, student.weights):""",
}
