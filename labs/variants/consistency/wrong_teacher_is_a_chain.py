"""Copies the layers one after another, which loses what skips a layer."""

LOSES = {"ema_teacher-check": 2}


# %% ema_teacher
def make_teacher(student):
    layers = [layer.__class__.from_config(layer.get_config()) for layer in student.layers]
    teacher = keras.Sequential(layers)
    teacher.build(student.input_shape)
    teacher.set_weights(student.get_weights())
    teacher.trainable = False
    return teacher


def follow(teacher, student, momentum):
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)
