"""Keeps the share 1 − m of the teacher, so that it runs after every step."""

LOSES = {"ema_teacher-check": 4}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign((1 - momentum) * old + momentum * new)
