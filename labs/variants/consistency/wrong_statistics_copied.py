"""Averages the weights and copies the moving statistics."""

LOSES = {"ema_teacher-check": 4}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights):
        share = 0.0 if "moving" in old.path else momentum
        old.assign(share * old + (1 - share) * new)
