"""Freezes the student to clone it, and then makes all of it trainable."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
def make_teacher(student):
    student.trainable = False
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    student.trainable = True
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)
