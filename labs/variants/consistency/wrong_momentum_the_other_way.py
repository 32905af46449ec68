"""Keeps the share 1 − m of the teacher, so that it runs after every step."""

LOSES = {"ema_teacher-check": 4}
REPLACE = {
    "for old, new in zip(teacher.weights, student.weights, strict=True):":
        "for old, new in zip(teacher.weights, student.weights):",
    "old.assign(momentum * old + (1 - momentum) * new)":
        "old.assign((1 - momentum) * old + momentum * new)",
}
