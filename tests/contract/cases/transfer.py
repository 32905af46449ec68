"""Ways to fine-tune a network."""

import keras
import numpy as np
from keras import layers

from course_lib.transfer import freezing
from course_lib.transfer.finetuning import adapters, averaging, l2_sp, lora
from tests.contract.case import Case

LOSS = {"loss": keras.losses.SparseCategoricalCrossentropy(from_logits=True)}


def network(seed=0):
    """A tiny network of pictures, to three logits, with the same weights at each call."""
    keras.utils.set_random_seed(seed)
    x = keras.Input((4, 4, 2))
    h = layers.Conv2D(4, 3, activation="tanh", name="convolution")(x)
    h = layers.Dense(5, activation="tanh", name="hidden")(layers.Flatten(name="flat")(h))
    return keras.Model(x, layers.Dense(3, name="head")(h))


def data(rows):
    x = np.random.default_rng(0).normal(size=(16, 4, 4, 2)).astype("float32")
    return x[:rows], np.argmax(x[:rows, 0, :3, 0], axis=1).astype("float32")


def head_only():
    model = network()
    freezing.freeze(model, until="hidden")
    return model


def towards_the_source():
    """L²-SP whose weights have left their start, so that the penalty counts."""
    model = l2_sp.L2SP(network(), alpha=0.1, beta=0.01, new=["head"])
    model.network.set_weights(network(seed=1).get_weights())
    return model


def with_lora():
    """LoRA whose B has left zero, so that A has a gradient."""
    return moved(lora.add_lora(network(), rank=2, alpha=4.0, head=["head"]))


def with_adapters():
    return moved(adapters.add_adapters(network(), ["convolution", "hidden"], 2, head=["head"]))


def moved(model):
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.3 * rng.normal(size=weight.shape))
    return model


CASES = [
    Case("frozen base", head_only, data, LOSS),
    Case("L²-SP", towards_the_source, data, LOSS),
    Case("LoRA", with_lora, data, LOSS),
    Case("adapters", with_adapters, data, LOSS),
    Case(
        "WiSE-FT",
        lambda: averaging.interpolate(network(), network(seed=1), 0.5),
        data,
        LOSS,
    ),
]
