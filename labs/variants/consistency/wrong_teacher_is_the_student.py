"""Returns the student: it is compared with itself, and the loss is always 0."""

LOSES = {"ema_teacher-check": 4}


# %% ema_teacher
def make_teacher(student):
    return student


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign(momentum * old + (1 - momentum) * new)
