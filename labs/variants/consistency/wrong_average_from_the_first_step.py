"""Remembers the first student, and averages with that instead of with the teacher."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    """\
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)""": """\
    if not hasattr(teacher, "first"):
        teacher.first = teacher.get_weights()
    pairs = zip(teacher.first, student.get_weights())
    teacher.set_weights([momentum * old + (1 - momentum) * new for old, new in pairs])""",
}
