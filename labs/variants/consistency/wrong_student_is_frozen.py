"""Freezes the student, which then learns nothing."""

LOSES = {"ema_teacher-check": 4}


# %% ema_teacher
def make_teacher(student):
    student.trainable = False
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign(momentum * old + (1 - momentum) * new)
