"""Leaves the teacher's variables to the optimizer."""

LOSES = {"ema_teacher-check": 4}
REPLACE = {
    "    teacher.trainable = False\n": "",
    "for old, new in zip(teacher.weights, student.weights, strict=True):":
        "for old, new in zip(teacher.weights, student.weights):",
}
