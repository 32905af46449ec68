"""Freezes the student to clone it, and then makes all of it trainable."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    "    teacher = keras.models.clone_model(student)": """\
    student.trainable = False
    teacher = keras.models.clone_model(student)""",
    "    return teacher": """\
    student.trainable = True
    return teacher""",
}
