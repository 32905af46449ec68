"""Clones the layers and forgets their values."""

LOSES = {"ema_teacher-check": 4}
REPLACE = {
    "    teacher.set_weights(student.get_weights())\n": "",
    "for old, new in zip(teacher.weights, student.weights, strict=True):":
        "for old, new in zip(teacher.weights, student.weights):",
}
