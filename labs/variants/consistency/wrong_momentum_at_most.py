"""Keeps the momentum below 0.99, so a teacher never stays."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    momentum = min(momentum, 0.99)
    for old, new in zip(teacher.weights, student.weights):
        old.assign(momentum * old + (1 - momentum) * new)
