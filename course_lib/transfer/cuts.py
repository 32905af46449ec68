"""Where to cut: which layers to take over, and whether to freeze them.

Yosinski, Clune, Bengio and Lipson, "How transferable are features in deep neural networks?",
NeurIPS 2014. A network is trained on task A and another on task B. The first n layers of one of
them go into a new network, the layers above start at random, and it is trained on B:

| | copied from B (itself) | copied from A (transfer) |
|---|---|---|
| copied layers frozen | BnB | AnB |
| copied layers trained on | BnB+ | AnB+ |

BnB is the control. Where it falls below training from scratch, layers that had learned together
were torn apart, and that part of AnB's loss says nothing about A.
"""

from typing import NamedTuple

import keras
import numpy as np

TREATMENTS = {
    "BnB": ("B", "frozen"),
    "BnB+": ("B", "trained"),
    "AnB": ("A", "frozen"),
    "AnB+": ("A", "trained"),
}


class Row(NamedTuple):
    """One trained network.

    Attributes:
        seed: Seed of the run. Networks of the same seed are pairs.
        cut: Number of layers that were copied; 0 is training from scratch.
        treatment: One of `TREATMENTS`.
        accuracy: Share of task B's test rows that the network gets right, from 0 to 1.
    """

    seed: int
    cut: int
    treatment: str
    accuracy: float


class Task(NamedTuple):
    """Data of one task.

    Attributes:
        x_train: Training inputs, `(rows, ...)`.
        y_train: Classes of the training rows, `(rows,)` integer, from 0.
        x_test: Test inputs.
        y_test: Classes of the test rows.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def layers_below(model, cut):
    """The layers that a cut copies: all that come before layer `cut + 1`.

    Only layers with a kernel count, as in the paper. What stands between two of them, such as
    pooling and batch normalisation, goes with the one before it.

    Args:
        model: A `keras.Model` whose layers form a chain.
        cut: Number of layers with a kernel to copy, below the number of all.

    Returns:
        A list of layers.

    Raises:
        ValueError: if there is no layer left above the cut.
    """
    kernels = [i for i, layer in enumerate(model.layers) if hasattr(layer, "kernel")]
    if not 0 <= cut < len(kernels):
        raise ValueError(
            f"The cut is from 0 to {len(kernels) - 1}, for {model.name!r} has {len(kernels)} "
            f"layers with a kernel and the last one stays with its task, but got {cut}."
        )
    return model.layers[: kernels[cut]] if cut else []


class _Batches(keras.utils.PyDataset):
    """As many batches as steps, one epoch after the other, in the order of the seed alone."""

    def __init__(self, x, y, steps, batch_size, seed):
        super().__init__()
        rng = np.random.default_rng(seed)
        epochs = -(-steps * batch_size // len(y))
        order = np.concatenate([rng.permutation(len(y)) for _ in range(epochs)])
        self.x, self.y = x, y
        self.rows = order[: steps * batch_size].reshape(steps, batch_size)

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, step):
        return self.x[self.rows[step]], self.y[self.rows[step]]


def draw(build, seed):
    """All variables of a new model, drawn from a seed.

    Args:
        build: Function without arguments that returns a new `keras.Model`.
        seed: Seed, which Keras is left with.

    Returns:
        A list of arrays.
    """
    keras.utils.set_random_seed(seed)
    return _values(build().variables)


def _values(variables):
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


class Network:
    """A model that is compiled once and trained from many starts.

    Frozen batch normalisation works with the statistics that came with it and leaves them alone;
    where it is trained, they follow the new data. So a frozen copy is frozen to the bit.

    Args:
        build: Function without arguments that returns a new `keras.Model`.
        loss: A Keras loss.
        optimizer: A Keras optimizer, whose settings are used.
        frozen: Number of layers to freeze, as in `layers_below`.
    """

    def __init__(self, build, loss, optimizer, frozen=0):
        self.model = build()
        for layer in layers_below(self.model, frozen):
            layer.trainable = False
        self.model.compile(optimizer.from_config(optimizer.get_config()), loss)
        self.model.optimizer.build(self.model.trainable_variables)
        self._fresh = _values(self.model.optimizer.variables)

    def train(self, start, x, y, steps, batch_size, seed, copied=()):
        """Trains the model anew.

        Args:
            start: Values of all variables, as from `draw`.
            x: Inputs, `(rows, ...)`.
            y: Labels, `(rows, ...)`.
            steps: Number of batches.
            batch_size: Rows in a batch.
            seed: Seed of the order of rows.
            copied: Weights of the first layers, a list for each, which replace those of `start`.

        Returns:
            The model itself.
        """
        variables = [*self.model.variables, *self.model.optimizer.variables]
        for variable, value in zip(variables, [*start, *self._fresh], strict=True):
            variable.assign(value)
        for layer, weights in zip(self.model.layers, copied):
            layer.set_weights(weights)
        self.model.fit(_Batches(x, y, steps, batch_size, seed), shuffle=False, verbose=0)
        return self.model


def accuracy(model, x, y):
    """Share of rows where a model's largest output is at the right class.

    Args:
        model: A `keras.Model`.
        x: Inputs, `(rows, ...)`.
        y: Classes, `(rows,)` integer.

    Returns:
        A float from 0 to 1.
    """
    parts = np.array_split(x, -(-len(x) // 500))
    outputs = np.concatenate(_values(model(part, training=False) for part in parts))
    return float(np.mean(outputs.argmax(axis=-1) == y))


def compare(build, a, b, cuts, seeds, epochs, batch_size=64, optimizer=None):
    """Trains all four treatments at all cuts.

    Within a seed everything is paired: the networks of A and B start from the same weights, and so
    do the new layers of all treatments, which see B's rows in the same order. The new layers'
    start is not the one that B's own network had, else BnB would find back what it lost.

    Args:
        build: Function without arguments that returns a new `keras.Model` with softmax outputs,
            its layers a chain. Both tasks need the same number of classes.
        a: `Task` to copy from.
        b: `Task` to train and test on.
        cuts: Numbers of layers to copy, as in `layers_below`; at 0 all treatments are training
            from scratch.
        seeds: Integers from 0.
        epochs: Passes over the training rows, for every network.
        batch_size: Rows in a batch.
        optimizer: A Keras optimizer, whose settings every network gets; Adam by default.

    Returns:
        A list of `Row`s, one for each seed, cut and treatment, in this order.
    """
    optimizer = optimizer or keras.optimizers.Adam()
    loss = "sparse_categorical_crossentropy"
    free = Network(build, loss, optimizer)
    frozen = {cut: Network(build, loss, optimizer, cut) for cut in cuts if cut}
    rows = []

    def train(network, start, task, seed, copied=()):
        steps = -(-epochs * len(task.y_train) // batch_size)
        return network.train(start, task.x_train, task.y_train, steps, batch_size, seed, copied)

    for seed in seeds:
        first, new = draw(build, 2 * seed), draw(build, 2 * seed + 1)
        donors = {}
        for name, task in (("A", a), ("B", b)):
            model = train(free, first, task, 2 * seed)
            donors[name] = [layer.get_weights() for layer in model.layers]
        scratch = accuracy(train(free, new, b, 2 * seed + 1), b.x_test, b.y_test)
        for cut in cuts:
            for treatment, (donor, copies) in TREATMENTS.items():
                measured = scratch
                if cut:
                    network = frozen[cut] if copies == "frozen" else free
                    copied = donors[donor][: len(layers_below(network.model, cut))]
                    model = train(network, new, b, 2 * seed + 1, copied)
                    measured = accuracy(model, b.x_test, b.y_test)
                rows.append(Row(seed, cut, treatment, measured))
    return rows
