"""Networks that differ in which modalities meet, where and how; a search's candidates."""

import re
from pathlib import Path

import keras
import numpy as np
from keras import layers, ops

from course_lib.fusion.layers import LowRankFusion, ModalityDropout
from course_lib.fusion.search import Space
from course_lib.gradients.rates import layer_rates
from course_lib.seeds import Dropout

WIDTHS = {2: (16, 16), 3: (32, 64), 4: (16, 32)}
SPACE = Space(
    picture=(0, 1, 2, 3),
    sound=(0, 1, 2, 3),
    ink=(None, 0),
    static=(None, 0),
    merge=("concatenate", "add", "multiply", "low_rank"),
    depth=(0, 1),
)


def stages(x, name, units=64):
    """What a branch makes of a modality, stage by stage.

    Args:
        x: Keras tensor: pictures `(rows, height, width, channels)`, sequences `(rows, steps,
            channels)` or features `(rows, features)`.
        name: The modality's name, with which its layers' names begin.
        units: Units of the last stage.

    Returns:
        List of four tensors: the data, two convolutions (of features: dense layers), and a dense
        layer `(rows, units)`.
    """
    rank = len(x.shape)
    made = [x]
    for number, width in enumerate(WIDTHS[rank], start=1):
        if rank == 2:
            layer = layers.Dense(width, "relu", name=f"{name}_{number}")
        else:
            convolution = layers.Conv1D if rank == 3 else layers.Conv2D
            layer = convolution(width, 3, 2, activation="relu", name=f"{name}_{number}")
        made.append(layer(made[-1]))
    last = layers.Dense(units, "relu", name=f"{name}_3")
    return [*made, last(Dropout(0.3)(layers.Flatten()(made[-1])))]


def build(shapes, classes, *, merge="concatenate", depth=1, units=32, absent=0.0, **joins):
    """A network in which modalities meet.

    Args:
        shapes: Dictionary from names of modalities to shapes without rows.
        classes: Number of classes.
        merge: `"concatenate"`, `"add"`, `"multiply"` or `"low_rank"`.
        depth: Number of dense layers after they have met.
        units: Units of each modality's projection, before they meet, and of layers after.
        absent: Rate of `ModalityDropout` on the data.
        **joins: For each modality the stage after which it joins the others, from 0, the data, to
            3, the end of its branch; None leaves it out. Modalities that are not named join at
            their end. One alone meets nobody, and is the baseline.

    Returns:
        A `keras.Model` from a dictionary of modalities to logits `(rows, classes)`.

    Raises:
        ValueError: for an unknown modality, stage or merge, or no modality at all.
    """
    merges = {
        "concatenate": layers.Concatenate,
        "add": layers.Add,
        "multiply": layers.Multiply,
        "low_rank": lambda name: LowRankFusion(units, name=name),
    }
    joins = {name: 3 for name in shapes} | joins
    used = {name: stage for name, stage in joins.items() if stage is not None}
    if not (joins.keys() == shapes.keys() and set(used.values()) <= {0, 1, 2, 3}):
        raise ValueError(f"Stages are 0 to 3 or None, for {list(shapes)}, but got {joins}.")
    if merge not in merges or not used:
        raise ValueError(
            f"Modalities meet by one of {list(merges)}, but got {merge!r} for {list(used)}."
        )
    inputs = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    given = [inputs[name] for name in used]
    if absent:
        given = ModalityDropout(absent)(given)
    projected = []
    for (name, stage), x in zip(used.items(), given):
        features = layers.Flatten()(stages(x, name)[stage])
        project = layers.Dense(units, "relu", name=f"{name}_{stage}_projection")
        projected.append(project(features))
    x = merges[merge](name=merge)(projected) if len(projected) > 1 else projected[0]
    for number in range(1, depth + 1):
        x = layers.Dense(units, "relu", name=f"joint_{number}")(x)
    logits = layers.Dense(classes, name="logits")(Dropout(0.3)(x))
    return keras.Model(inputs, logits)


def modality_rates(model, optimizer, rates):
    """Gives each modality's branch a learning rate of its own: one may learn faster than another.

    Yao and Mihalcea, "Modality-specific learning rates for effective multimodal additive
    late-fusion", Findings of ACL 2022.

    Args:
        model: A `keras.Model` in which the names of a modality's layers begin with the modality's
            and `_`, such as `build` makes.
        optimizer: A Keras optimizer, with the rate of all other layers, where modalities have met.
        rates: Dictionary from modalities to learning rates.

    Returns:
        A `keras.optimizers.MultiOptimizer` to compile the model with.

    Raises:
        ValueError: if a modality has no trainable variable.
    """
    patterns = {f"{re.escape(name)}_.*": rate for name, rate in rates.items()}
    return layer_rates(model, optimizer, patterns)


def inherit(model, weights):
    """Gives a network the weights of another one, wherever a weight of that name and shape is.

    Args:
        model: A built `keras.Model`.
        weights: Dictionary, or open file of `numpy.savez`, from paths of weights to arrays.

    Returns:
        Part of the model's parameters that were inherited, from 0 to 1.
    """
    inherited = [
        weight
        for weight in model.trainable_weights
        if weight.path in weights and weights[weight.path].shape == weight.shape
    ]
    for weight in inherited:
        weight.assign(weights[weight.path])
    sizes = [sum(int(np.prod(w.shape)) for w in ws) for ws in (inherited, model.trainable_weights)]
    return sizes[0] / sizes[1]


def train(model, x, y, epochs, batch_size=64):
    """Trains a classifier by Adam, with what has turned out well for all of these networks.

    Args:
        model: A `keras.Model` to logits `(rows, classes)`.
        x: Its inputs.
        y: Classes, `(rows,)`.
        epochs: Passes over all rows.
        batch_size: Rows of a step.

    Returns:
        The `keras.callbacks.History`.
    """
    model.compile(
        keras.optimizers.Adam(2e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=16,
        jit_compile=False,
    )
    model.optimizer.build(model.trainable_variables)  # or the first step is traced twice
    return model.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=0)


class Training:
    """Trains a candidate and scores it: what `search.Evaluations` evaluates.

    Args:
        train: Pair of a dictionary of modalities, `(rows, ...)` each, and labels `(rows,)`.
        validation: The same for rows to choose by.
        space: The `Space` that genomes come from; its genes are arguments of `build`.
        epochs: Epochs from scratch.
        inherited_epochs: Epochs of a child that starts with its parents' weights; None trains all
            from scratch.
        folder: Where weights are kept for children; None keeps none, then nothing is inherited. A
            file holds what its ancestors learned, too: blocks skip a generation that has no use
            for them.
        batch_size: Rows of a step.
        seed: Seed of all draws.
    """

    def __init__(
        self,
        train,
        validation,
        space=SPACE,
        *,
        epochs=12,
        inherited_epochs=4,
        folder=None,
        batch_size=64,
        seed=0,
    ):
        self.train, self.validation, self.space = train, validation, space
        self.epochs, self.inherited_epochs = epochs, inherited_epochs
        self.folder, self.batch_size, self.seed = folder and Path(folder), batch_size, seed

    def __call__(self, genome, parents=()):
        """Returns the accuracy on validation rows, from 0 to 1."""
        keras.backend.clear_session(free_memory=False)
        keras.utils.set_random_seed(self.seed)
        x, y = self.train
        shapes = {name: values.shape[1:] for name, values in x.items()}
        model = build(shapes, int(y.max()) + 1, **self.space.named(genome))
        weights = {}
        for parent in reversed(parents if self.folder else ()):
            with np.load(self._file(parent)) as file:
                weights |= file
        inherit(model, weights)
        epochs = self.inherited_epochs if parents and self.folder else self.epochs
        train(model, x, y, epochs, self.batch_size)
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)
            weights |= {w.path: ops.convert_to_numpy(w) for w in model.trainable_weights}
            np.savez(self._file(genome), **weights)
        x, y = self.validation
        return float(np.mean(ops.convert_to_numpy(model(x)).argmax(axis=1) == y))

    def _file(self, genome):
        return self.folder / f"{'-'.join(map(str, genome))}.npz"
