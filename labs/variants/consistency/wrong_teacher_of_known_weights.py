"""Averages weights by their usual names, and none of other names."""

LOSES = {"ema_teacher-check": 2}
REPLACE = {
    """\
    for old, new in zip(teacher.weights, student.weights, strict=True):
        old.assign(momentum * old + (1 - momentum) * new)""": """\
    names = ["kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"]
    for own, other in zip(teacher.layers, student.layers):
        for name in names:
            if getattr(own, name, None) is not None:
                old, new = getattr(own, name), getattr(other, name)
                old.assign(momentum * old + (1 - momentum) * new)""",
}
