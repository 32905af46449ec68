"""Models cut in two at a bottleneck, and features that are computed once and kept on disk."""

import json
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import joblib
import keras
import numpy as np
import pooch
from tqdm import tqdm

from course_lib.keras_internals import call_that_made

FILES = ("x.npy", "y.npy")


class Split(NamedTuple):
    """A model with a second exit and a second entry; all three share their layers.

    Attributes:
        base: From the model's inputs to the bottleneck.
        head: From the bottleneck to the model's outputs.
        whole: The model itself: `head(base(x))` equals `whole(x)` to the bit.
    """

    base: keras.Model
    head: keras.Model
    whole: keras.Model


def split(model, layer):
    """Cuts a model in two at a layer.

    The head's input has the shape of one bottleneck, `Input(base.output.shape[1:])`.

    Args:
        model: A functional or sequential `keras.Model`.
        layer: Name of the layer whose output is the bottleneck, one of `cuts(model)`.

    Returns:
        A `Split`.

    Raises:
        ValueError: if no such layer is part of the model, or if something passes it by.

    Example:
        >>> from course_lib.transfer import backbones
        >>> whole = backbones.load("course_tiny").classifier
        >>> base, head, whole = split(whole, "block2")
        >>> base.output.shape, head.output.shape
        ((None, 8, 8, 64), (None, 10))
    """
    bottlenecks = _bottlenecks(model)
    if layer not in bottlenecks:
        known = any(call.operation.name == layer for call in _calls(model))
        reason = "something else passes it by" if known else "it has no such layer"
        raise ValueError(
            f"{model.name!r} cannot be cut at {layer!r}: {reason}. It can be cut at "
            f"{', '.join(bottlenecks)}."
        )
    bottleneck = entry = bottlenecks[layer]
    inputs, outputs = (t[0] if len(t) == 1 else t for t in (model.inputs, model.outputs))
    if bottleneck is outputs:  # nothing is left for the head
        entry = keras.Input(bottleneck.shape[1:])
        outputs = keras.layers.Identity()(entry)
    base = keras.Model(inputs, bottleneck, name=f"{model.name}_to_{layer}")
    head = keras.Model(entry, outputs, name=f"{model.name}_from_{layer}")
    return Split(base, head, model)


def cuts(model):
    """Returns the names of the layers where a model can be cut, from early to late.

    Those are the layers whose one output everything passes on its way to the model's outputs, so
    not those inside of a residual block.

    Args:
        model: A functional or sequential `keras.Model`.

    Raises:
        ValueError: if the model is neither.
    """
    return list(_bottlenecks(model))


def _bottlenecks(model):
    """Dictionary from the names of the layers where a model can be cut to their outputs."""
    calls = _calls(model)
    last_use = {id(t): i for i, call in enumerate(calls) for t in call.input_tensors}
    last_use |= {id(tensor): len(calls) for tensor in model.outputs}
    waiting, found = set(), {}
    for i, call in enumerate(calls):
        waiting |= {id(tensor) for tensor in call.output_tensors if id(tensor) in last_use}
        waiting = {tensor for tensor in waiting if last_use[tensor] > i}
        if not call.is_input and waiting == {id(call.output_tensors[0])}:
            found[call.operation.name] = call.output_tensors[0]
    return found


def _calls(model):
    """A model's calls of its layers, as Keras's nodes, each after those whose outputs it takes."""
    if not getattr(model, "outputs", None):
        raise ValueError(
            f"{model.name!r} is not a functional or sequential model, or not built yet: it has no "
            "graph of layers."
        )
    calls = {}

    def visit(tensor):
        call = call_that_made(tensor)
        if id(call) not in calls:
            for earlier in call.input_tensors:
                visit(earlier)
            calls[id(call)] = call

    for tensor in model.outputs:
        visit(tensor)
    return list(calls.values())


@dataclass(frozen=True, eq=False)
class Features:
    """Features on disk, seen through memory maps.

    Any classifier takes `x` and `y` as they are; a scikit-learn one wants features of one axis.

    Attributes:
        x: Features, `(rows, ...)`, as the base returned them: those of the pictures first, then
            those of each augmented copy of them all.
        y: Labels, `(rows, ...)`.
        folder: Where they lie.
    """

    x: np.ndarray
    y: np.ndarray
    folder: Path

    def batches(self, batch_size=32, seed=0):
        """Returns shuffled batches for `fit`, a `keras.utils.PyDataset`.

        Unlike the memory map itself, they never have all rows in memory.

        Args:
            batch_size: Rows in a batch.
            seed: Seed of the order, which is another in every epoch.
        """
        return _ShuffledBatches(self, batch_size, seed)


class _ShuffledBatches(keras.utils.PyDataset):
    def __init__(self, features, batch_size, seed):
        super().__init__()
        self.features, self.batch_size = features, batch_size
        self.rng = np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self):
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, step):
        rows = np.sort(self.order[step * self.batch_size : (step + 1) * self.batch_size])
        return self.features.x[rows], self.features.y[rows]

    def on_epoch_end(self):
        self.order = self.rng.permutation(len(self.features.y))


def save_features(
    base, x, y, folder, augment=None, copies=1, seed=0, batch_size=64, progressbar=True
):
    """Computes features once and keeps them on disk; finds them there the next time.

    They are kept under a fingerprint of the base's graph and weights, of the data, and of all that
    follows here except the progress bar. So whatever changes, the old features are not found.
    Only one batch is in memory at a time. The files are written beside their place and moved there
    when they are whole; damaged ones are computed anew, with a warning.

    Args:
        base: `keras.Model` with one input and one output, such as `split(...).base`. It runs as in
            inference.
        x: Inputs, `(rows, ...)`: an array, or what has a length and gives arrays when it is sliced,
            such as an HDF5 data set.
        y: Labels, an array `(rows, ...)`.
        folder: Folder for the features of any number of bases and data sets.
        augment: Keras layer that changes inputs at random, such as a `Sequential` of
            `RandomFlip` and others; None for no augmented copies.
        copies: Number of augmented copies of the inputs, besides the inputs themselves.
        seed: Seed of the augmentation. The layer's own random state starts from it.
        batch_size: Inputs in a batch.
        progressbar: Whether to show progress.

    Returns:
        `Features` with `rows`, or with `(1 + copies) * rows`, rows.

    Raises:
        ValueError: if there are no rows, if there are more or fewer labels, or if the augmentation
            is no Keras layer, so that it has no fingerprint.
    """
    if not len(x) or len(x) != len(y):
        raise ValueError(f"Needs as many labels as inputs, but got {len(y)} and {len(x)}.")
    if not isinstance(augment, keras.layers.Layer | None):
        raise ValueError(
            f"augment is a Keras layer, whose configuration can be compared, but got {augment!r}."
        )
    copies = copies if augment else 0
    options = augment, copies, seed, batch_size
    fingerprints = _fingerprints(base, x, y, *options)
    place = Path(folder, joblib.hash(fingerprints))
    if place.is_dir():
        if _is_whole(place):
            return _open(place)
        warnings.warn(f"{place} is damaged; its features are computed anew.", stacklevel=2)

    _compute(base, x, y, place, fingerprints, *options, progressbar)
    return _open(place)


def _fingerprints(base, x, y, augment, copies, seed, batch_size):
    """Hashes of all that features depend on."""
    augmentation = [_describe(augment), augment.get_weights(), copies, seed] if augment else None
    return {
        "base": joblib.hash([_describe(base), base.get_weights()]),
        "x": _fingerprint(x, batch_size),
        "y": _fingerprint(y, batch_size),
        "augment": joblib.hash(augmentation),
        "batch_size": batch_size,
    }


def _compute(base, x, y, place, fingerprints, augment, copies, seed, batch_size, progressbar):
    """Computes features beside their place, and moves them there when they are whole."""
    folder = place.parent
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="unfinished-", dir=folder) as beside:
        written = Path(beside, "features")
        written.mkdir()
        batches = tqdm(
            _batches(x, augment, copies, seed, batch_size),
            "features",
            total=(1 + copies) * -(-len(x) // batch_size),
            unit="batch",
            disable=not progressbar,
        )
        rows = (1 + copies) * len(x)
        _write(written / "x.npy", (base.predict_on_batch(batch) for batch in batches), rows)
        np.save(written / "y.npy", np.concatenate([y] * (1 + copies)))
        sums = {name: pooch.file_hash(written / name) for name in FILES}
        about = {"fingerprints": fingerprints, "sha256": sums}
        (written / "about.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
        if place.exists():
            os.replace(place, Path(beside, "replaced"))
        os.replace(written, place)


def _describe(layer):
    """All that decides on what a layer computes except its weights, without any names."""
    if isinstance(layer, keras.Sequential):
        return [_describe(part) for part in layer.layers]
    if isinstance(layer, keras.Model):
        calls = _calls(layer)
        tensors = {
            id(t): [i, j] for i, call in enumerate(calls) for j, t in enumerate(call.outputs)
        }
        graph = [
            [
                _describe(call.operation),
                keras.tree.map_structure(
                    lambda value: tensors.get(id(value), value),
                    [call.arguments.args, call.arguments.kwargs],
                ),
            ]
            for call in calls
        ]
        return [graph, [tensors[id(tensor)] for tensor in [*layer.inputs, *layer.outputs]]]
    config = {k: v for k, v in layer.get_config().items() if k not in ("name", "trainable")}
    return [type(layer).__module__, type(layer).__name__, config]


def _fingerprint(x, batch_size):
    """Fingerprint of an array, of which one batch is read at a time."""
    batches = _batches(x, None, 0, 0, batch_size)
    return joblib.hash([joblib.hash(np.ascontiguousarray(batch)) for batch in batches])


def _batches(x, augment, copies, seed, batch_size):
    """Batches of the inputs, then of the augmented copies."""
    rows = [slice(start, start + batch_size) for start in range(0, len(x), batch_size)]
    yield from (np.asarray(x[batch]) for batch in rows)
    if copies:
        rng = np.random.default_rng(seed)
        for variable in augment.variables:
            if variable.path.endswith("seed_generator_state"):
                variable.assign(rng.integers(2**31, size=2))
        for _ in range(copies):
            for batch in rows:
                yield keras.ops.convert_to_numpy(augment(x[batch], training=True))


def _write(path, parts, rows):
    """Writes arrays of `rows` rows in all, one after the other, as one file of NumPy's format."""
    with open(path, "wb") as file:
        for number, part in enumerate(parts):
            if number == 0:
                np.lib.format.write_array_header_1_0(
                    file,
                    {
                        "descr": np.lib.format.dtype_to_descr(part.dtype),
                        "fortran_order": False,
                        "shape": (rows, *part.shape[1:]),
                    },
                )
            part.tofile(file)


def _is_whole(place):
    """Whether features are all there, as they were written."""
    try:
        about = json.loads((place / "about.json").read_text(encoding="utf-8"))
        return all(about["sha256"][name] == pooch.file_hash(place / name) for name in FILES)
    except (OSError, ValueError, KeyError):
        return False


def _open(place):
    return Features(np.load(place / "x.npy", mmap_mode="r"), np.load(place / "y.npy"), place)
