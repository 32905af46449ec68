"""Freezes the student, which then learns nothing."""

LOSES = {"ema_teacher-check": 4}
REPLACE = {
    "    teacher = keras.models.clone_model(student)": """\
    student.trainable = False
    teacher = keras.models.clone_model(student)""",
    "    teacher.trainable = False\n": "",
    "for old, new in zip(teacher.weights, student.weights, strict=True):":
        "for old, new in zip(teacher.weights, student.weights):",
}
