"""Remembers the first student, and averages with that instead of with the teacher."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    if not hasattr(teacher, "first"):
        teacher.first = teacher.get_weights()
    pairs = zip(teacher.first, student.get_weights())
    teacher.set_weights([momentum * old + (1 - momentum) * new for old, new in pairs])
