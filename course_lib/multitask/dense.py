"""Dense prediction on rooms: class, depth and surface normal of every pixel.

The main task is the segmentation, whose labels are scarce; depth and normals are auxiliary tasks,
whose labels come free from a depth camera. Tasks, losses, the parts of all networks, the source of
batches, the measures and two baselines are here.

>>> rooms = load_rooms(seed=0, train=8, validation=2, test=2)
>>> batches = Batches(rooms.train, labelled=range(2), size=4, steps=5)
>>> x, y = batches[0]
>>> x.shape, sorted(y)
((4, 48, 64, 3), ['depth', 'normals', 'segmentation'])
"""

import dataclasses
import hashlib
from pathlib import Path

import joblib
import keras
import numpy as np

from course_lib import datasets
from course_lib.datasets.files import DataError, storage
from course_lib.datasets.pictures import rooms as rooms_data
from course_lib.datasets.synthetic import drawing, furnishing, rendering
from course_lib.multitask.losses import Present, cosine_distance

MAIN = "segmentation"
TASKS = ("segmentation", "depth", "normals")
LOWER_IS_BETTER = {"accuracy": False, "iou": False, "depth": True, "normals": True}
UNITS = {
    "accuracy": "pixel accuracy, %",
    "iou": "mean IoU, %",
    "depth": "RMSE, metres",
    "normals": "mean angle, degrees",
}
COMMON = 0.02  # share of the pixels from which a class counts in the mean IoU


@dataclasses.dataclass(frozen=True)
class Split:
    """Rooms to train with, to choose settings with, and to test with; each a `Rooms`."""

    train: rooms_data.Rooms
    validation: rooms_data.Rooms
    test: rooms_data.Rooms


def load_rooms(seed, train=700, validation=100, test=300, source="synthetic", size=(48, 64)):
    """Loads rooms, and keeps them below the user's cache, since rendering takes 20 ms a room.

    Args:
        seed: Seed of the synthetic rooms. Of real rooms, it says which ones validate, and the
            order of the others.
        train: Number of rooms to train with. Of real rooms at most these.
        validation: Number of rooms to choose settings with. Of real rooms, an eighth of those to
            train with at most.
        test: Number of rooms to test with. Of real rooms at most these.
        source: `"synthetic"`, or `"real"` for NYU's labelled file in `COURSE_DATA`.
        size: Height and width of the pictures, in pixels.

    Returns:
        A `Split`.

    Raises:
        DataError: if the labelled file is not on this machine, or cannot be read.
        ValueError: for another source.
    """
    if source not in ("synthetic", "real"):
        raise ValueError(f"source is 'synthetic' or 'real', but got {source!r}.")
    if source == "real" and not rooms_data.labelled_file():
        raise DataError(
            "Real rooms to train with need NYU's labelled file, which is not on this machine: put "
            f"{rooms_data.LABELLED} and {rooms_data.SPLITS} into the folder nyu of COURSE_DATA."
        )
    memory = joblib.Memory(Path(storage().path) / "rooms", verbose=0)
    origin = _origin(source)
    return memory.cache(_load)(seed, train, validation, test, source, size, origin)


def _origin(source):
    """What rooms are made of, so that no cached rooms outlive it: the code, and the file's date."""
    code = hashlib.sha256()
    for module in (rooms_data, rendering, furnishing, drawing):
        code.update(Path(module.__file__).read_bytes())
    changed = rooms_data.labelled_file().stat().st_mtime if source == "real" else None
    return code.hexdigest(), changed


def _load(seed, train, validation, test, source, size, origin):
    if source == "synthetic":
        drawn = datasets.load("rooms", seed=seed, size=size, train=train + validation, test=test)
        order = np.arange(train + validation)
    else:
        drawn = rooms_data.read([], size)
        order = np.random.default_rng(seed).permutation(len(drawn.train))
        validation = min(validation, -(-len(order) // 8))
    return Split(
        train=take(drawn.train, order[: len(order) - validation][:train]),
        validation=take(drawn.train, order[len(order) - validation :]),
        test=take(drawn.test, np.arange(len(drawn.test))[:test]),
    )


def take(rooms, rows):
    """Some of the rooms, by their numbers.

    Args:
        rooms: A `datasets.rooms.Rooms`.
        rows: Numbers of the rooms to take.

    Returns:
        `Rooms`.
    """
    rows = np.asarray(rows, int)
    arrays = {name: getattr(rooms, name)[rows] for name in ("x", *TASKS)}
    return dataclasses.replace(rooms, **arrays)


def labels(rooms):
    """Dictionary from task to labels of `rooms`, a `datasets.rooms.Rooms`."""
    return {task: getattr(rooms, task) for task in TASKS}


class Batches(keras.utils.PyDataset):
    """Batches of rooms, of which only some have labels of the main task.

    A share of each batch is drawn from the rooms with labels of the main task, the rest from all
    rooms; of rooms without, the segmentation is -1. A room is mirrored in one of two cases, and its
    colours are scaled by up to a fifth, since networks soon learn a few rooms by heart. A batch
    depends on nothing but the seed, the epoch and its number.

    Args:
        rooms: A `datasets.rooms.Rooms`.
        labelled: Numbers of the rooms whose segmentation may be used.
        size: Number of rooms in a batch.
        steps: Number of batches in an epoch.
        share: Share of each batch that is drawn from the labelled rooms.
        tasks: Names of the tasks whose labels are given.
        seed: Seed of the draws.
        augment: Whether rooms are mirrored and their colours scaled.

    Raises:
        ValueError: if no room is labelled, or the share is not from 0 to 1.
    """

    def __init__(
        self, rooms, labelled, size=8, steps=20, share=0.5, tasks=TASKS, seed=0, augment=True
    ):
        super().__init__()
        self.labelled = np.asarray(labelled, int)
        if not len(self.labelled):
            raise ValueError("At least one room must have labels of the main task, but none has.")
        if not 0 <= share <= 1:
            raise ValueError(f"share is from 0 to 1, but got {share}.")
        self.x, self.labels = rooms.x, {task: labels(rooms)[task] for task in tasks}
        self.size, self.steps, self.share, self.seed, self.epoch = size, steps, share, seed, 0
        self.augment = augment
        self.hidden = ~np.isin(np.arange(len(rooms)), self.labelled)

    def __len__(self):
        return self.steps

    def rows(self, number):
        """Numbers of the rooms in a batch, the labelled ones first."""
        rng = np.random.default_rng([self.seed, self.epoch, number])
        first = round(self.share * self.size)
        return np.concatenate(
            [_draw(rng, self.labelled, first), _draw(rng, len(self.x), self.size - first)]
        )

    def __getitem__(self, number):
        rows = self.rows(number)
        y = {task: values[rows] for task, values in self.labels.items()}
        if MAIN in y:
            y[MAIN] = np.where(self.hidden[rows][:, None, None], -1, y[MAIN]).astype("int32")
        x = self.x[rows].astype("float32")
        return self._augmented(number, x, y) if self.augment else (x, y)

    def _augmented(self, number, x, y):
        rng = np.random.default_rng([self.seed, self.epoch, number, 1])
        mirrored = rng.random(len(x)) < 0.5
        for values in (x, *y.values()):
            values[mirrored] = values[mirrored, :, ::-1]
        if "normals" in y:
            y["normals"][mirrored, ..., 0] *= -1
        scale = rng.uniform(0.8, 1.2, (len(x), 1, 1, x.shape[-1])).astype("float32")
        return np.clip(x * scale, 0, 255), y

    def on_epoch_end(self):
        self.epoch += 1


def _draw(rng, of, count):
    """Draws numbers, each at most once if there are enough."""
    available = of if np.isscalar(of) else len(of)
    return rng.choice(of, count, replace=count > available)


def losses(tasks=TASKS):
    """Losses by task: cross entropy, absolute error in metres, 1 − cosine.

    Missing labels (-1, NaN) have no part in a loss, and exactly no gradient.

    Args:
        tasks: Names of the tasks.

    Returns:
        Dictionary from task to a Keras loss.
    """
    every = {
        "segmentation": keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=-1
        ),
        "depth": Present("mean_absolute_error"),
        "normals": Present(cosine_distance),
    }
    return {task: every[task] for task in tasks}


def stages(filters=(24, 48, 48, 24)):
    """A trunk for pictures: four blocks of two convolutions with batch normalisation.

    The first two blocks halve height and width, the third looks around (a dilated convolution), the
    last doubles them.

    Args:
        filters: Channels of each block.

    Returns:
        List of functions from a name to a layer, as `architectures` takes them.
    """
    first, second, around, upwards = filters
    parts = [
        lambda: [
            keras.layers.Rescaling(1 / 127.5, -1),
            *_convolution(first, strides=2),
            *_convolution(first),
        ],
        lambda: [*_convolution(second, strides=2), *_convolution(second)],
        lambda: [*_convolution(around, dilation_rate=2), *_convolution(around)],
        lambda: [
            *_convolution(upwards),
            keras.layers.UpSampling2D(interpolation="bilinear"),
            *_convolution(upwards),
        ],
    ]
    return [lambda name, part=part: keras.Sequential(part(), name=name) for part in parts]


def _convolution(units, **options):
    """A convolution, batch normalisation, and a rectifier.

    The normalisation forgets quickly (momentum 0.9), since trainings are of a few hundred steps.
    """
    return [
        keras.layers.Conv2D(
            units, 3, padding="same", use_bias=False, kernel_initializer="he_normal", **options
        ),
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
    ]


def heads(classes, tasks=TASKS, filters=24):
    """Two convolutions for each task, doubled to the picture's height and width.

    Args:
        classes: Number of classes of the segmentation.
        tasks: Names of the tasks.
        filters: Channels between the two convolutions.

    Returns:
        Dictionary from task to a function from a name to a layer, as `architectures` takes it.
        Outputs are logits `(batch, height, width, classes)`, metres `(batch, height, width, 1)`,
        and vectors `(batch, height, width, 3)` of any length.
    """
    units = {"segmentation": classes, "depth": 1, "normals": 3}

    def head(name, outputs):
        return keras.Sequential(
            [
                *_convolution(filters),
                keras.layers.Conv2D(outputs, 1),
                keras.layers.UpSampling2D(interpolation="bilinear"),
            ],
            name=name,
        )

    return {task: lambda name, task=task: head(name, units[task]) for task in tasks}


def measures(predictions, rooms):
    """How good predictions are, over all pixels whose label is not missing.

    Args:
        predictions: Dictionary from task to predictions, as of `heads`; some tasks may be missing.
        rooms: A `datasets.rooms.Rooms`.

    Returns:
        Dictionary from measure to value, in the unit of `UNITS`: of the segmentation `accuracy` and
        `iou`, the mean over the classes which more than 2 % of the labelled pixels have; `depth`;
        `normals`.
    """
    found = {}
    if MAIN in predictions:
        known = rooms.segmentation >= 0
        truth, classes = rooms.segmentation[known], len(rooms.classes)
        answers = np.argmax(predictions[MAIN], axis=-1)[known]
        confusion = np.bincount(truth * classes + answers, minlength=classes**2)
        confusion = confusion.reshape(classes, classes)
        of_class, both = confusion.sum(axis=1), np.diag(confusion)
        common = of_class > COMMON * of_class.sum()
        union = of_class + confusion.sum(axis=0) - both
        found["accuracy"] = 100 * float(np.mean(truth == answers))
        found["iou"] = 100 * float(np.mean(both[common] / union[common]))
    if "depth" in predictions:
        error = predictions["depth"][..., 0] - rooms.depth
        found["depth"] = float(np.sqrt(np.nanmean(error**2)))
    if "normals" in predictions:
        length = np.linalg.norm(predictions["normals"], axis=-1, keepdims=True)
        normals = predictions["normals"] / np.maximum(length, 1e-12)
        cosine = np.clip(np.sum(normals * rooms.normals, axis=-1), -1, 1)
        found["normals"] = float(np.nanmean(np.degrees(np.arccos(cosine))))
    return found


def targets(rooms):
    """Labels as numbers: `(rooms, height, width, values)` for each task, NaN where missing.

    Args:
        rooms: A `datasets.rooms.Rooms`.

    Returns:
        Dictionary from task to numbers; the segmentation's are 1 for the pixel's class, else 0.
    """
    one_hot = np.eye(len(rooms.classes), dtype="float32")[rooms.segmentation]
    one_hot[rooms.segmentation < 0] = np.nan
    return {"segmentation": one_hot, "depth": rooms.depth[..., None], "normals": rooms.normals}


def mean_picture(rooms, labelled):
    """The trivial baseline: the same answer for every room, the mean of the training rooms' labels.

    Args:
        rooms: The training `Rooms`.
        labelled: Numbers of the rooms whose segmentation may be used.

    Returns:
        Dictionary from task to an answer `(1, height, width, values)`: the shares of the classes at
        each pixel (so that the largest is the most frequent class), the mean depth, the mean
        normal. A pixel without any label gets the mean of all pixels.
    """
    answers = {}
    for task, values in targets(rooms).items():
        values = values[np.asarray(labelled, int)] if task == MAIN else values
        known = ~np.isnan(values)
        total, count = np.where(known, values, 0).sum(axis=0), known.sum(axis=0)
        overall = total.sum(axis=(0, 1)) / np.maximum(count.sum(axis=(0, 1)), 1)
        answers[task] = np.where(count > 0, total / np.maximum(count, 1), overall)[None]
    return answers


class PixelRidge:
    """Ridge regression of each pixel's labels on its colour, its place and its neighbourhood.

    In closed form: for each task, W = (XᵀX / n + λI)⁻¹ XᵀY / n over n labelled pixels, those of
    every second row and column. Of several λ, each task keeps the one that is best on validation
    rooms.

    Args:
        penalties: The λ to choose from; columns have a mean square of about one.
        distances: Distances of the eight neighbours whose colours count, in pixels.
    """

    def __init__(self, penalties=(1e-6, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), distances=(1, 3, 8)):
        self.penalties, self.distances = tuple(penalties), tuple(distances)

    def features(self, x):
        """Numbers of each pixel, `(pictures, height, width, features)`.

        Args:
            x: Pictures, `(pictures, height, width, 3)`.
        """
        x = np.asarray(x, "float32") / 127.5 - 1
        height, width = x.shape[1:3]
        columns = [x]
        for d in self.distances:
            padded = np.pad(x, ((0, 0), (d, d), (d, d), (0, 0)), mode="edge")
            columns += [
                padded[:, d + down : d + down + height, d + right : d + right + width]
                for down in (-d, 0, d)
                for right in (-d, 0, d)
                if down or right
            ]
        place = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
        powers = [place[0] ** i * place[1] ** j for i in range(5) for j in range(5 - i)]
        powers = np.stack(powers, axis=-1).astype("float32")
        columns.append(np.broadcast_to(powers, (*x.shape[:3], powers.shape[-1])))
        return np.concatenate(columns, axis=-1)

    def fit(self, rooms, labelled, validation):
        """Fits all tasks.

        Args:
            rooms: The training `Rooms`.
            labelled: Numbers of the rooms whose segmentation may be used.
            validation: `Rooms` to choose λ with.

        Returns:
            Itself; `penalty` is a dictionary from task to the λ that was chosen.
        """
        main = np.isin(np.arange(len(rooms)), labelled)
        sums = {task: [0.0, 0.0, 0] for task in TASKS}
        for start in range(0, len(rooms), 50):
            rows = np.arange(start, min(start + 50, len(rooms)))
            part = take(rooms, rows)
            x = self.features(part.x)[:, ::2, ::2]
            for task, y in targets(part).items():
                y = y[:, ::2, ::2]
                known = ~np.isnan(y).any(axis=-1)
                if task == MAIN:
                    known &= main[rows][:, None, None]
                one, other = x[known], y[known]
                for number, more in enumerate((one.T @ one, one.T @ other, len(one))):
                    sums[task][number] = sums[task][number] + more
        self.weights, self.penalty, seen = {}, {}, self.features(validation.x)
        for task, (gram, cross, count) in sums.items():
            judged = {"segmentation": "accuracy"}.get(task, task)
            best = np.inf
            for penalty in self.penalties:
                within = np.float64(gram) / count + penalty * np.eye(len(gram))
                weights = np.linalg.solve(within, np.float64(cross) / count).astype("float32")
                loss = measures({task: seen @ weights}, validation)[judged]
                loss = loss if LOWER_IS_BETTER[judged] else -loss
                if loss < best:
                    best, self.weights[task], self.penalty[task] = loss, weights, penalty
        return self

    def predict(self, x):
        """Answers of all tasks for pictures `(pictures, height, width, 3)`, as of `heads`."""
        features = self.features(x)
        return {task: features @ weights for task, weights in self.weights.items()}
