"""Sign dropout: no balance but a layer, which lets each shared feature follow one sign."""

import keras
import numpy as np
from keras import ops

from course_lib.seeds import SavesDraws


@keras.saving.register_keras_serializable("course_lib")
class SignDropout(SavesDraws, keras.layers.Layer):
    """Passes shared features on to every task's head, and lets each feature follow one sign.

    In the backward pass, G_t is the gradient of task t times the sign of the feature, summed over
    the batch. A feature listens to the tasks with G_t > 0 with the chance
    P = ½ (1 + Σ_t G_t / Σ_t |G_t|), else to those with G_t < 0; in expectation the sum of what is
    kept is Σ_t G_t. Chen, Ngiam, Huang, Luong, Kretzschmar, Chai and Anguelov, "Just pick a sign",
    NeurIPS 2020.

    Args:
        heads: Number of heads N.
        leak: Share of a gradient that passes in any case: a number, or one for each head. A task
            with a leak of 1 always keeps all of its gradient.
        over_batch: Whether to sum over the batch, as the paper does where tasks may have their
            labels on different rows. Otherwise G_t is the gradient itself, a sign for each row.
        seed: Seed of the draws, or None.

    Call arguments:
        x: Features, `(batch, ...)`.
        training: Whether gradients will be needed.

    Returns:
        List of N tensors, each of them `x`.

    Example:
        >>> import numpy as np
        >>> [float(copy[0, 0]) for copy in SignDropout(2)(np.ones((1, 1), "float32"))]
        [1.0, 1.0]
    """

    def __init__(self, heads, leak=0.0, over_batch=True, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.heads, self.leak, self.over_batch, self.seed = heads, leak, over_batch, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, x, training=False):
        if not training:
            return [x] * self.heads
        shape = ops.shape(x)
        drawn = keras.random.uniform(
            (1, *shape[1:]) if self.over_batch else shape, seed=self.seed_generator
        )

        @ops.custom_gradient
        def copied(x, drawn):
            def gradient(*arguments, upstream=None):
                upstream = arguments[0] if upstream is None else upstream
                return self.combined(upstream, x, drawn), ops.zeros_like(drawn)

            return ops.stack([x] * self.heads), gradient

        return ops.unstack(copied(x, drawn), num=self.heads)

    def combined(self, of_tasks, x, drawn):
        """The gradient that the trunk receives.

        Args:
            of_tasks: Gradient of each task with respect to the features, `(heads, batch, ...)`.
            x: Features, `(batch, ...)`.
            drawn: Uniform numbers, `(1, ...)` if signs are counted over the batch, or
                `(batch, ...)`.

        Returns:
            A tensor `(batch, ...)`.
        """
        dtype = x.dtype
        of_tasks = ops.cast(of_tasks, "float32")  # sums over a batch leave the range of float16
        counted = of_tasks
        if self.over_batch:
            counted = ops.sum(of_tasks * ops.sign(ops.cast(x, "float32")), axis=1, keepdims=True)
        size = ops.sum(ops.abs(counted), axis=0)
        purity = (1 + ops.sum(counted, axis=0) / ops.where(size > 0, size, 1)) / 2
        kept = ops.where(drawn < purity, counted >= 0, counted <= 0)
        leak = np.broadcast_to(np.asarray(self.leak, "float32"), (self.heads,))
        leak = leak.reshape(-1, *[1] * (len(of_tasks.shape) - 1))
        passed = (leak + (1 - leak) * ops.cast(kept, "float32")) * of_tasks
        return ops.cast(ops.sum(passed, axis=0), dtype)

    def compute_output_shape(self, input_shape):
        return [input_shape] * self.heads

    def get_config(self):
        own = {name: getattr(self, name) for name in ("heads", "leak", "over_batch", "seed")}
        return {**super().get_config(), **own}
