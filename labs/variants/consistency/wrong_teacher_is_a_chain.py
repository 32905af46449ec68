"""Copies the layers one after another, which loses what skips a layer."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    "    teacher = keras.models.clone_model(student)": """\
    layers = [layer.__class__.from_config(layer.get_config()) for layer in student.layers]
    teacher = keras.Sequential(layers)
    teacher.build(student.input_shape)""",
}
