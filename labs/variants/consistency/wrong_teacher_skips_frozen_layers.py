"""Averages what is trained and moving statistics, but no frozen layers."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    trained = {id(variable) for variable in student.trainable_variables}
    for old, new in zip(teacher.weights, student.weights, strict=True):
        if id(new) in trained or "moving_" in new.path:
            old.assign(momentum * old + (1 - momentum) * new)
