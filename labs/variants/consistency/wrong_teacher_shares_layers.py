"""Wraps the student's layers in another model, which is no copy of their variables."""

LOSES = {"ema_teacher-check": 4}


# %% ema_teacher
def make_teacher(student):
    return keras.Model(student.inputs, student.outputs, name="teacher")


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign(momentum * old + (1 - momentum) * new)
