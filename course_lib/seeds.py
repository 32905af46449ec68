"""Random numbers that a saved model goes on drawing where it stopped."""

import keras
from keras import layers, ops


class SavesDraws:
    """Saves the state of `self.seed_generator` with the weights of a model or layer.

    Keras saves weights alone. Loaded, or restored after an interruption, a model would draw the
    numbers of its first steps again. To be named before `keras.Model` or `keras.layers.Layer` among
    the bases of a class with an attribute `seed_generator`.
    """

    def save_own_variables(self, store):
        super().save_own_variables(store)
        store["seed_generator"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        super().load_own_variables(
            {name: store[name] for name in store.keys() if name != "seed_generator"}  # noqa: SIM118
        )
        self.seed_generator.state.assign(store["seed_generator"])


@keras.saving.register_keras_serializable("course_lib")
class Dropout(SavesDraws, layers.Dropout):
    """Keras's `Dropout`, of a rate above 0, that a saved model goes on with where it stopped.

    Under mixed precision it draws the same numbers as under float32.
    """

    def call(self, inputs, training=False):
        if not training:
            return inputs
        kept = super().call(ops.ones(ops.shape(inputs), "float32"), training=True)
        return inputs * ops.cast(kept, inputs.dtype)
