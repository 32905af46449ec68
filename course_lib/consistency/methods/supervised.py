"""The trainer that all methods share: labels, views without labels, and the weight between both."""

import inspect

import keras
from keras import ops

from course_lib.seeds import SavesDraws

CROSS_ENTROPY = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


@keras.saving.register_keras_serializable("course_lib")
class Supervised(SavesDraws, keras.Model):
    """Learns from labels alone; what all methods are compared with, and made of.

    A method keeps each of its keyword arguments as an attribute of the same name, by which it is
    saved. In mixed precision the network computes in halves and the losses in float32. Weights of
    rows (`sample_weight`, `class_weight`) are those of labelled rows.

    Args:
        network: A built `keras.Model` made of layers, from inputs to logits `(rows, classes)`.
        weight: λ, the weight of the loss without labels.
        ramp_up: Steps in which that weight rises from nearly 0, by exp(−5 (1 − t)²).
        seed: Seed of what the method draws.
        **base: As for `keras.Model`, such as `name`.

    Raises:
        ValueError: while training, for a batch without the views that the method compares.
    """

    views = 0

    def __init__(self, network, *, weight=1.0, ramp_up=0, seed=0, **base):
        super().__init__(**base)
        self.network, self.weight, self.ramp_up, self.seed = network, weight, ramp_up, seed
        self.classes = network.output_shape[-1]
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.step = self.add_weight(name="step", initializer="zeros", trainable=False)
        self.built = True  # as the network is

    def get_config(self):
        methods = [base for base in type(self).__mro__ if issubclass(base, Supervised)]
        arguments = [inspect.signature(base).parameters.values() for base in methods]
        names = {p.name for own in arguments for p in own if p.kind is p.KEYWORD_ONLY}
        options = {name: getattr(self, name) for name in sorted(names)}
        network = keras.saving.serialize_keras_object(self.network)
        return {**super().get_config(), "network": network, **options}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        network = keras.saving.deserialize_keras_object(config["network"], custom_objects)
        return cls(**{**config, "network": network})

    def compile(self, optimizer="adam", **options):
        """As for `keras.Model`; the loss on labels is cross entropy, the metric accuracy."""
        super().compile(optimizer, CROSS_ENTROPY, **{"metrics": ["accuracy"], **options})
        self.optimizer.build(self.trainable_variables)  # or the first step is traced twice

    def compile_from_config(self, config):
        options = keras.saving.deserialize_keras_object(config)
        self.compile(**{name: value for name, value in options.items() if name != "loss"})

    def call(self, inputs, training=None):
        return self.network(_labelled(inputs), training=training)

    def answers(self, inputs, training=True):
        """The network's logits, in the precision of its weights.

        Args:
            inputs: Inputs, `(rows, ...)`.
            training: As for any Keras layer.

        Returns:
            A tensor, `(rows, classes)`.
        """
        return ops.cast(self.network(inputs, training=training), self.variable_dtype)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not training:
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        views = x.get("views", ()) if isinstance(x, dict) else ()
        if len(views) < self.views:
            raise ValueError(
                f"{type(self).__name__} compares {self.views} views of what has no labels, but the "
                f"batch holds {len(views)}. Make batches with as many views."
            )
        penalties = sum(self.losses)  # of labelled rows, before the network sees others
        logits = ops.cast(y_pred, self.variable_dtype)
        loss = self.joint_loss(_labelled(x), y, logits, views[: self.views], sample_weight)
        self.step.assign_add(1.0)
        return loss + penalties

    def joint_loss(self, x, y, logits, views, sample_weight=None):
        """Loss on a batch; regularisers come on top.

        Args:
            x: Labelled inputs, `(rows, ...)`.
            y: Their classes, `(rows,)`.
            logits: The network's answers to them, `(rows, classes)`.
            views: Looks at the same unlabelled rows, a tuple of `(other rows, ...)`.
            sample_weight: Weights of the labelled rows, `(rows,)`, or None.

        Returns:
            A scalar tensor.
        """
        labelled = self.labelled_loss(y, logits, sample_weight)
        return labelled + self.weight_now() * self.unlabelled_loss(*views)

    def labelled_loss(self, y, logits, sample_weight=None):
        """Loss on what has labels, cross entropy unless a method wants it otherwise."""
        return CROSS_ENTROPY(y, logits, sample_weight)

    def unlabelled_loss(self, *views):
        """Loss on what has no labels.

        Args:
            *views: Looks at the same rows, `(rows, ...)` each.

        Returns:
            A scalar tensor.
        """
        return 0.0

    def weight_now(self):
        """The weight λ of the loss without labels at this step."""
        if not self.ramp_up:
            return self.weight
        left = 1 - ops.minimum(self.step / self.ramp_up, 1.0)
        return self.weight * ops.exp(-5 * left * left)


def _labelled(inputs):
    return inputs["labelled"] if isinstance(inputs, dict) else inputs
