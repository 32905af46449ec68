"""Clones the layers and forgets their values."""

LOSES = {"ema_teacher-check": 4}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign(momentum * old + (1 - momentum) * new)
