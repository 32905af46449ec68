"""Learning from labelled and unlabelled inputs at once, by `compile` and `fit`.

Every method is a Keras model around the same network and differs in its loss alone:

    model = UDA(network)
    model.compile("adam")
    model.fit(data.batches(x, y, unlabelled, (keep, augment)), steps_per_epoch=1000)

A batch is a pair of inputs and labels. Inputs are a dictionary: `"labelled"`, what the labels
belong to, and `"views"`, as many looks at the same unlabelled rows as the method compares.
"""

import keras
from keras import ops

from course_lib.consistency import losses, teachers
from course_lib.gradients import input_gradient, unit


class Supervised(keras.Model):
    """Learns from labels alone; what all methods are compared with, and made of.

    Args:
        network: A built `keras.Model` made of layers, from inputs to logits `(rows, classes)`.
        weight: λ, the weight of the loss without labels.
        ramp_up: Steps in which that weight rises from nearly 0, by exp(−5 (1 − t)²).
        seed: Seed of what the method draws.

    Raises:
        ValueError: while training, for a batch without the views that the method compares.
    """

    views = 0

    def __init__(self, network, *, weight=1.0, ramp_up=0, seed=0):
        super().__init__()
        self.network, self.weight, self.ramp_up = network, weight, ramp_up
        self.classes = network.output_shape[-1]
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.step = self.add_weight(name="step", initializer="zeros", trainable=False)

    def compile(self, optimizer="adam", **options):
        """As for `keras.Model`; the loss on labels is cross entropy, the metric accuracy."""
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        super().compile(optimizer, loss, **{"metrics": ["accuracy"], **options})
        self.optimizer.build(self.trainable_variables)  # or the first step is traced twice

    def call(self, inputs, training=None):
        x = inputs["labelled"] if isinstance(inputs, dict) else inputs
        return self.network(x, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        if not (training and isinstance(x, dict)):
            return super().compute_loss(x, y, y_pred, sample_weight, training)
        views = x.get("views", ())
        if len(views) < self.views:
            raise ValueError(
                f"{type(self).__name__} compares {self.views} views of what has no labels, but the "
                f"batch holds {len(views)}. Make batches with as many views."
            )
        self.step.assign_add(1.0)
        return self.joint_loss(x["labelled"], y, y_pred, views) + sum(self.losses)

    def joint_loss(self, x, y, logits, views):
        """Loss on a batch; regularisers come on top.

        Args:
            x: Labelled inputs, `(rows, ...)`.
            y: Their classes, `(rows,)`.
            logits: The network's answers to them, `(rows, classes)`.
            views: Looks at the same unlabelled rows, a tuple of `(other rows, ...)`.

        Returns:
            A scalar tensor.
        """
        loss = self.labelled_loss(y, logits)
        return loss + self.weight_now() * self.unlabelled_loss(*views[: self.views])

    def labelled_loss(self, y, logits):
        """Loss on what has labels, cross entropy unless a method wants it otherwise."""
        error = keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True)
        return ops.mean(error)

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


class UDA(Supervised):
    """Unsupervised data augmentation, `losses.uda`, of a clean and an augmented view.

    Args:
        network: As for `Supervised`.
        temperature: As for `losses.uda`.
        threshold: As for `losses.uda`.
        annealing: Schedule of `losses.annealed_threshold` for the labelled rows, or None.
        steps: Steps of the whole training, for the annealing.
        **options: As for `Supervised`.

    Raises:
        ValueError: for annealing without the number of steps.
    """

    views = 2

    def __init__(
        self, network, *, temperature=0.4, threshold=0.8, annealing=None, steps=None, **options
    ):
        super().__init__(network, **options)
        if annealing and not steps:
            raise ValueError(f"Annealing ({annealing!r}) needs the number of steps, but got none.")
        self.temperature, self.threshold = temperature, threshold
        self.annealing, self.steps = annealing, steps

    def labelled_loss(self, y, logits):
        if not self.annealing:
            return super().labelled_loss(y, logits)
        progress = self.step / self.steps
        threshold = losses.annealed_threshold(progress, self.classes, self.annealing)
        return losses.annealed(y, logits, threshold)

    def unlabelled_loss(self, clean, augmented):
        clean, augmented = (
            self.network(clean, training=True),
            self.network(augmented, training=True),
        )
        return losses.uda(clean, augmented, self.temperature, self.threshold)


class PiModel(Supervised):
    """Π-model: ‖p₁ − p₂‖² of two augmented views, with gradients through both.

    Laine and Aila, "Temporal ensembling for semi-supervised learning", ICLR 2017.
    """

    views = 2

    def unlabelled_loss(self, first, second):
        first, second = self.network(first, training=True), self.network(second, training=True)
        return ops.mean(losses.squared_difference(first, second))


class PseudoLabel(Supervised):
    """`losses.pseudo_label` on one view.

    Args:
        network: As for `Supervised`.
        threshold: As for `losses.pseudo_label`.
        **options: As for `Supervised`.
    """

    views = 1

    def __init__(self, network, *, threshold=0.95, **options):
        super().__init__(network, **options)
        self.threshold = threshold

    def unlabelled_loss(self, view):
        return losses.pseudo_label(self.network(view, training=True), self.threshold)


class VAT(Supervised):
    """Virtual adversarial training: no change in the direction that changes the answer most.

    The direction is found in inference mode, by power iteration on the gradient of KL at a small
    distance. Miyato, Maeda, Koyama and Ishii, "Virtual adversarial training", TPAMI 2019.

    Args:
        network: As for `Supervised`.
        radius: Length ε of the change, in the units of the inputs.
        distance: Length ξ at which gradients are taken; far below 1e-2, rounding drowns them.
        iterations: Power iterations.
        entropy: Weight of the answers' entropy, which is made small too (VAT + EntMin).
        **options: As for `Supervised`.
    """

    views = 1

    def __init__(self, network, *, radius=1.0, distance=1e-2, iterations=1, entropy=0.0, **options):
        super().__init__(network, **options)
        self.radius, self.distance, self.iterations = radius, distance, iterations
        self.entropy = entropy

    def direction(self, view):
        """The adversarial direction of each row, of length 1.

        Args:
            view: Inputs, `(rows, ...)`.

        Returns:
            A tensor of the same shape, which no gradient passes.
        """
        answers = ops.stop_gradient(self.network(view, training=False))

        def changed(step):
            logits = self.network(view + step, training=False)
            return ops.sum(losses.kl_divergence(answers, logits))

        found = unit(keras.random.normal(ops.shape(view), seed=self.seed_generator))
        for _ in range(self.iterations):
            found = unit(input_gradient(changed, self.distance * found))
        return ops.stop_gradient(found)

    def unlabelled_loss(self, view):
        view = ops.cast(view, self.compute_dtype)
        changed = view + self.radius * self.direction(view)
        logits = self.network(view, training=True)
        target = ops.stop_gradient(logits)
        loss = losses.kl_divergence(target, self.network(changed, training=True))
        if self.entropy:
            loss += self.entropy * losses.entropy(logits)
        return ops.mean(loss)


class _Taught(Supervised):
    """A student with a teacher that follows it, and that answers once both are trained.

    Args:
        network: As for `Supervised`, the student.
        momentum: The teacher's momentum in the long run.
        **options: As for `Supervised`.
    """

    def __init__(self, network, *, momentum=0.999, **options):
        super().__init__(network, **options)
        self.teacher, self.momentum = teachers.make(network), momentum

    def call(self, inputs, training=None):
        if training:
            return super().call(inputs, training=True)
        return self.teacher(
            inputs["labelled"] if isinstance(inputs, dict) else inputs, training=False
        )

    def taught(self, view):
        """Moves the teacher to where the student is now; returns its logits, stopped."""
        teachers.follow(self.teacher, self.network, teachers.momentum(self.step, self.momentum))
        return ops.stop_gradient(self.teacher(view, training=False))


class MeanTeacher(_Taught):
    """Mean Teacher: ‖p_θ − p_θ'‖², the teacher θ' a moving average of the student θ.

    Tarvainen and Valpola, NeurIPS 2017; what happens to batch normalisation, `teachers.follow`
    tells. The teacher answers `predict` and `evaluate`.
    """

    views = 2

    def unlabelled_loss(self, first, second):
        target = self.taught(second)
        return ops.mean(losses.squared_difference(self.network(first, training=True), target))


def _draw_partners(x, alpha, seed):
    """A partner for each row, `(rows,)`, and shares from Beta(α, α), `(rows,)`."""
    rows = ops.shape(x)[0]
    order = keras.random.shuffle(ops.arange(rows), seed=seed)
    return order, keras.random.beta((rows,), alpha, alpha, seed=seed)


class ICT(_Taught):
    """Interpolation consistency training: f(mix(u₁, u₂)) ≈ mix(f'(u₁), f'(u₂)).

    f' is the teacher, and u₂ the same batch in another order. Verma, Lamb, Kannala, Bengio and
    Lopez-Paz, "Interpolation consistency training for semi-supervised learning", IJCAI 2019.

    Args:
        network: As for `Supervised`, the student.
        alpha: Shares are drawn from Beta(α, α), one for each row.
        **options: As for `MeanTeacher`.
    """

    views = 1

    def __init__(self, network, *, alpha=1.0, **options):
        super().__init__(network, **options)
        self.alpha = alpha

    def unlabelled_loss(self, view):
        view = ops.cast(view, self.compute_dtype)
        order, share = _draw_partners(view, self.alpha, self.seed_generator)
        target = losses.mix(ops.softmax(self.taught(view), axis=-1), order, share)
        answers = ops.softmax(self.network(losses.mix(view, order, share), training=True), axis=-1)
        return ops.mean(ops.sum(ops.square(answers - target), axis=-1))


class MixMatch(Supervised):
    """MixMatch: guessed labels, sharpened, and all of it mixed with all of it.

    The mean answer to the views is sharpened and taken for their label; labelled and unlabelled
    rows are mixed with partners from both, each the larger part of its mixture (max(λ, 1 − λ)).
    Berthelot, Carlini, Goodfellow, Papernot, Oliver and Raffel, NeurIPS 2019.

    Args:
        network: As for `Supervised`.
        temperature: As for `losses.sharpen`.
        alpha: Shares are drawn from Beta(α, α), one for each row.
        **options: As for `Supervised`.
    """

    views = 2

    def __init__(self, network, *, temperature=0.5, alpha=0.75, **options):
        super().__init__(network, **options)
        self.temperature, self.alpha = temperature, alpha

    def guess(self, *views):
        """The label guessed for each row: the views' mean answer, sharpened and stopped.

        Args:
            *views: Looks at the same rows, `(rows, ...)` each.

        Returns:
            Probabilities, `(rows, classes)`.
        """
        answers = [ops.softmax(self.network(view, training=True), axis=-1) for view in views]
        mean = sum(answers) / len(answers)
        return ops.stop_gradient(losses.sharpen(mean, self.temperature))

    def joint_loss(self, x, y, logits, views):
        number, dtype = ops.shape(x)[0], self.compute_dtype
        views = [ops.cast(view, dtype) for view in views[: self.views]]
        guessed = self.guess(*views)
        inputs = ops.concatenate([ops.cast(x, dtype), *views])
        known = ops.one_hot(ops.reshape(y, (-1,)), self.classes, dtype=dtype)
        targets = ops.concatenate([known, *[guessed] * self.views])

        order, share = _draw_partners(inputs, self.alpha, self.seed_generator)
        share = ops.maximum(share, 1 - share)
        logits = self.network(losses.mix(inputs, order, share), training=True)
        targets = losses.mix(targets, order, share)
        error = -ops.sum(targets * ops.log_softmax(logits, axis=-1), axis=-1)
        difference = ops.mean(ops.square(ops.softmax(logits, axis=-1) - targets), axis=-1)
        return ops.mean(error[:number]) + self.weight_now() * ops.mean(difference[number:])


METHODS = {
    "UDA": UDA,
    "Π-model": PiModel,
    "Mean Teacher": MeanTeacher,
    "VAT": VAT,
    "Pseudo-Label": PseudoLabel,
    "ICT": ICT,
    "MixMatch": MixMatch,
}
