"""Answers with the course's own implementations of what the lab asks for."""

LOSES = {
    "cross_stitch-check": 5,
    "uncertainty-check": 5,
    "dynamic_weights-check": 5,
    "sign_dropout-check": 5,
    "relative_gain-check": 5,
}
REPORTED = "imports parts of the course that labs do without: course_lib.multitask"


# %% cross_stitch
class CrossStitch(keras.layers.Layer):
    def __init__(self, diagonal=0.9, **kwargs):
        from course_lib.multitask.architectures import CrossStitch as Theirs

        super().__init__(**kwargs)
        self.inner = Theirs(diagonal, rate=1.0)

    def call(self, features):
        return list(self.inner(features))


# %% uncertainty
class UncertaintyWeighting(keras.layers.Layer):
    def __init__(self, classifies, **kwargs):
        from course_lib.multitask.balancing import Uncertainty

        super().__init__(**kwargs)
        self.inner = Uncertainty(["softmax" if kind else "normal" for kind in classifies])
        self.inner.prepare(None, [str(number) for number in range(len(classifies))])

    def factors(self):
        return self.inner.weights_now()

    def call(self, losses):
        return self.inner(losses, training=True)


# %% dynamic_weights
def dynamic_weights(epochs, tasks, temperature=2.0):
    from course_lib.multitask.balancing import DynamicWeightAverage

    names = [str(task) for task in range(tasks)]
    balance = DynamicWeightAverage(temperature)
    balance.prepare(None, names)
    for losses in epochs:
        balance.after_epoch({f"{name}_loss": x for name, x in zip(names, losses.mean(axis=0))})
    return ops.convert_to_numpy(balance.weight)


# %% sign_dropout
def sign_dropout(gradients, rng):
    from course_lib.multitask.balancing import SignDropout

    layer = SignDropout(len(gradients), over_batch=False)
    return np.asarray(layer.combined(gradients, 1.0, rng.random(gradients.shape[1:])))


# %% relative_gain
def relative_gains(several, single, lower_is_better):
    from course_lib.multitask import baselines

    seeds = range(len(next(iter(single.values()))))
    return np.array(
        [
            baselines.relative_gain(
                {task: values[seed] for task, values in several.items()},
                {task: values[seed] for task, values in single.items()},
                lower_is_better,
            )
            for seed in seeds
        ]
    )


def mean_and_error(gains):
    return float(np.mean(gains)), float(np.std(gains, ddof=1) / len(gains) ** 0.5)
