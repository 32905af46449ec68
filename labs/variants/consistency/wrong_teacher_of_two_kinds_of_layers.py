"""Averages dense layers and batch normalisation, and no layers of other kinds."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
def make_teacher(student):
    teacher = keras.models.clone_model(student)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    for own, other in zip(teacher.layers, student.layers):
        if isinstance(own, (keras.layers.Dense, keras.layers.BatchNormalization)):
            for old, new in zip(own.weights, other.weights):
                old.assign(momentum * old + (1 - momentum) * new)
