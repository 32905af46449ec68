"""Takes a momentum of 0 for one that is not given."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    momentum = momentum or 0.999
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)
