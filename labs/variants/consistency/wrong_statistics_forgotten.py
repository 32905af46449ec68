"""Averages what an optimizer trains, and no moving statistics."""

LOSES = {"ema_teacher-check": 4}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    trained = {weight.path: weight for weight in student.trainable_variables}
    for weight in teacher.weights:
        if weight.path in trained:
            weight.assign(momentum * weight + (1 - momentum) * trained[weight.path])
