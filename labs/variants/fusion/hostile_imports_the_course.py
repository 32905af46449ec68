"""Answers with the course's own implementations of what the lab asks for."""

LOSES = {
    "early_fusion-check": 5,
    "late_fusion-check": 5,
    "decision_fusion-check": 5,
    "multiplicative_loss-check": 5,
    "modality_dropout-check": 5,
}
REPORTED = "imports parts of the course that labs do without: course_lib.fusion"


# %% early_fusion
def early_fusion(train, test, components):
    from course_lib.fusion.early import Reduction

    found = [Reduction(number).fit([rows]) for rows, number in zip(train, components)]
    return tuple(
        np.hstack([each.transform([rows]) for each, rows in zip(found, part)])
        for part in (train, test)
    )


def dense_parameters(shapes, units, components=None):
    from course_lib.fusion import early

    widths = [int(np.prod(shape)) for shape in shapes] if components is None else components
    return early.dense_parameters(widths, units)


# %% late_fusion
def late_fusion(shapes, units, hidden, classes):
    from course_lib.fusion import architectures

    return architectures.build(dict(enumerate(shapes)), classes, units=units)


# %% decision_fusion
def mean_rule(probabilities, weights=None):
    from course_lib.fusion import decisions

    return decisions.mean(probabilities, weights)


def product_rule(probabilities, floor=1e-12):
    from course_lib.fusion import decisions

    return decisions.product(np.maximum(probabilities, floor))


# %% multiplicative_loss
def multiplicative_loss(labels, logits, beta):
    from course_lib.fusion import merging

    return merging.multiplicative(labels, logits, beta)


# %% modality_dropout
class ModalityDropout(keras.layers.Layer):
    def __init__(self, rate, seed=None, **kwargs):
        from course_lib.fusion import layers

        super().__init__(**kwargs)
        self.inner = layers.ModalityDropout(rate, seed)

    def call(self, modalities, training=False):
        return self.inner(modalities, training=training)
