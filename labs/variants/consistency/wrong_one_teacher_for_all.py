"""Makes a teacher once, and returns it for every student of that name."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
teachers = {}


def make_teacher(student):
    if student.name not in teachers:
        teachers[student.name] = keras.models.clone_model(student)
        teachers[student.name].set_weights(student.get_weights())
        teachers[student.name].trainable = False
    return teachers[student.name]


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        old.assign(momentum * old + (1 - momentum) * new)
