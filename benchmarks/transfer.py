"""What saved features save, and what trained backbones bring."""

import multiprocessing
import tempfile
import time
from statistics import median

import course_lib.quiet  # noqa: F401

import keras  # isort: skip
import numpy as np
import psutil
from keras import layers
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.timing import seconds, spread
from course_lib import datasets
from course_lib.datasets import files
from course_lib.transfer import backbones, bottleneck, freezing
from course_lib.transfer.finetuning import adapters, l2_sp, lora

EPOCHS = 10
SEEDS = range(5)
ROUNDS, STEPS = 5, 20
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def measure(course):
    drawn = datasets.load("dolphins_sharks", size=96, train=100)
    rows = [*memory(), *steps(), *transfer("dolphins and sharks", drawn)]
    real = [f for name in ("cifar10", "hymenoptera", "squeezenet") for f in files.files_of(name)]
    if all(files.find(file) for file in real):
        rows += saved_features(datasets.load("hymenoptera", "real", size=227))
        rows += course_tiny(datasets.load("cifar10", "real").test)
        rows += transfer("ants and bees", datasets.load("hymenoptera", "real", size=64))
        rows += squeezenet()
    return rows, []


def accuracy(model, pictures):
    scores = model.predict(pictures.x, batch_size=100, verbose=0)
    return np.mean(scores.argmax(axis=1) == pictures.y)


def saved_features(data):
    """A head on saved features, and the same head on a frozen base that runs in every epoch."""
    x, y = data.train.x, data.train.y
    base = backbones.load("squeezenet", size=x.shape[1]).model
    keras.utils.set_random_seed(0)
    whole = keras.Model(base.input, layers.Dense(2)(base.output))
    freezing.freeze(whole, until="pooled")
    base, head, _ = bottleneck.split(whole, "pooled")
    start = head.get_weights()

    def save():
        with tempfile.TemporaryDirectory() as folder:
            features = bottleneck.save_features(base, x, y, folder, progressbar=False)
            return np.array(features.x), (features.folder / "x.npy").stat().st_size

    def train(model, inputs, epochs=EPOCHS):
        keras.utils.set_random_seed(0)
        head.set_weights(start)
        model.fit(inputs, y, batch_size=32, epochs=epochs, verbose=0)

    for model in (whole, head):
        model.compile("adam", LOSS, jit_compile=False)
    features, size = save()
    train(whole, x, 1)
    train(head, features, 1)  # traced by now, as all the others
    by_base = seconds(lambda: train(whole, x), 3)
    correct = accuracy(whole, data.test)
    once = seconds(save, 3)
    by_features = seconds(lambda: train(head, features), 3)
    difference = abs(accuracy(whole, data.test) - correct)

    what = f"{len(y)} pictures of {x.shape[1]} pixels, `squeezenet`, {EPOCHS} epochs of a head"
    per_epoch = median(by_base) / median(by_features)
    all_told = median(by_base) / (median(by_features) + median(once))
    theory = features.size * 4
    return [
        (f"{what}: the frozen base runs in every epoch", spread(by_base), ""),
        ("the same on saved features", spread(by_features), ""),
        ("saving them, once", spread(once), ""),
        ("ratio, saving left out", f"{per_epoch:.0f} ×", f"at least {0.8 * EPOCHS:.0f} ×"),
        ("ratio, all told", f"{all_told:.1f} ×", f"at most {EPOCHS} ×, one run of ten"),
        ("difference of the two accuracies", f"{100 * difference:.2f} points", "0"),
        (
            "saved features on disk, and rows × channels × 4 bytes",
            f"{size:,} and {theory:,} bytes",
            "a header of 128 bytes more",
        ),
    ]


class _Drawn:
    """Pictures that are drawn when they are asked for, and how much memory was in use then."""

    def __init__(self, number):
        self.number, self.peak = number, 0

    def __len__(self):
        return self.number

    def __getitem__(self, rows):
        self.peak = max(self.peak, psutil.Process().memory_info().rss)
        rng, number = np.random.default_rng(rows.start), len(range(*rows.indices(self.number)))
        return rng.integers(256, size=(number, 32, 32, 3), dtype="uint8")


def peak(number):
    """Peak memory, in bytes, of a process that saves the features of so many pictures."""
    base = bottleneck.split(backbones.load("course_tiny").model, "block2").base
    pictures, labels = _Drawn(number), np.zeros(number, "int32")
    with tempfile.TemporaryDirectory() as folder:
        bottleneck.save_features(base, pictures, labels, folder, progressbar=False)
    return pictures.peak


def memory():
    """Peak memory of feature extraction, each in a process of its own."""
    rows = []
    for number in (1000, 20000):
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            used = pool.apply(peak, [number]) / 2**20
        what = f"peak memory of saving the features of {number:,} pictures, {number / 64:.0f} MiB"
        rows.append((what, f"{used:.0f} MiB", "flat" if number > 1000 else ""))
    return rows


def steps():
    """Processor time of a step of each way to fine-tune over that of full fine-tuning."""
    rng = np.random.default_rng(0)
    x = rng.integers(256, size=(STEPS * 32, 32, 32, 3), dtype="uint8")
    y = rng.integers(2, size=len(x))
    backbone = backbones.load("course_tiny", weights="random")

    def build():
        model = keras.Model(
            backbone.model.input, layers.Dense(2, name="head")(backbone.model.output)
        )
        freezing.freeze(model)
        return model

    models = {
        "full fine-tuning": build(),
        "L²-SP": l2_sp.L2SP(build(), 0.01, 0.01, new=["head"]),
        "LoRA of rank 4": lora.add_lora(build(), 4, head=["head"]),
        "LoRA of rank 16": lora.add_lora(build(), 16, head=["head"]),
        "adapters of width 8": adapters.add_adapters(build(), backbone.cuts[:-1], 8, ["head"]),
    }
    times = {name: [] for name in models}
    for model in models.values():
        model.compile("adam", LOSS, jit_compile=False)
        model.fit(x[:64], y[:64], verbose=0)  # traced by now
    for _ in range(ROUNDS):
        for name, model in models.items():
            began = time.process_time()
            model.fit(x, y, verbose=0)
            times[name].append(time.process_time() - began)
    full = np.array(times.pop("full fine-tuning")) / STEPS
    what = "32 pictures of 32 pixels, `course_tiny`: processor time of a step of"
    rows = [(f"{what} full fine-tuning", spread(sorted(full), "ms", 1000), "")]
    for name, values in times.items():
        ratios = sorted(np.array(values) / STEPS / full)
        trained = sum(int(np.prod(w.shape)) for w in models[name].trainable_weights)
        rows.append(
            (f"{what} {name} over it, {trained:,} weights trained", spread(ratios, "×"), "")
        )
    return rows


def course_tiny(pictures):
    correct = 100 * accuracy(backbones.load("course_tiny").classifier, pictures)
    return [("`course_tiny` on the test pictures of CIFAR-10", f"{correct:.2f} %", "model card")]


def transfer(what, data):
    """`course_tiny` fine-tuned, and the same network trained from random weights.

    Both take as many steps on augmented pictures. The new head of the trained network has learned
    from saved features before.
    """
    x, y, size = data.train.x, data.train.y, data.train.x.shape[1]
    epochs = round(160 / (len(y) / 32))

    def prepare(model, rate, rows, epochs):
        rate = keras.optimizers.schedules.CosineDecay(rate, epochs * rows // 32)
        model.compile(keras.optimizers.Adam(rate), LOSS, jit_compile=False)

    def train(weights, seed):
        base = backbones.load("course_tiny", size, weights, seed).model
        keras.utils.set_random_seed(seed)
        shift = layers.RandomTranslation(0.1, 0.1, fill_mode="reflect")
        augment = keras.Sequential([layers.RandomFlip("horizontal"), shift])
        head = keras.Sequential([keras.Input(base.output.shape[1:]), layers.Dense(2)])
        pictures = keras.Input((size, size, 3))
        model = keras.Model(pictures, head(base(augment(pictures))))
        if weights == "trained":
            with tempfile.TemporaryDirectory() as folder:
                saved = bottleneck.save_features(
                    base, x, y, folder, augment, copies=3, seed=seed, progressbar=False
                )
                prepare(head, 1e-2, len(saved.y), 30)
                head.fit(np.array(saved.x), saved.y, epochs=30, verbose=0)
            freezing.freeze(model)
        prepare(model, 1e-3, len(y), epochs)
        model.fit(x, y, epochs=epochs, verbose=0)
        return accuracy(model, data.test)

    found = 100 * np.array(
        [[train(weights, seed) for weights in ("trained", "random")] for seed in SEEDS]
    )
    tuned, scratch = found.T
    gain = tuned - scratch
    rows = [
        (f"{what}, {len(data.train)} pictures of {size} pixels: {how}", _spread(values, "%"), "")
        for how, values in (("`course_tiny` fine-tuned", tuned), ("from scratch", scratch))
    ]
    better = f"better on {np.sum(gain > 0)} of {len(gain)} seeds"
    return [*rows, ("margin", f"{_spread(gain, 'points')}, {better}", "larger than its spread")]


def _spread(values, unit):
    return f"{values.mean():.1f} ± {values.std(ddof=1):.1f} {unit}"


def squeezenet():
    """A linear classifier on `squeezenet`'s features of ants and bees, from files to answers.

    The size of the pictures and the two kinds of pooling were chosen by cross-validation on the
    training pictures, and so is the penalty, here.
    """
    start = time.perf_counter()
    data = datasets.load("hymenoptera", "real", size=352)
    model = backbones.load("squeezenet", size=352).model
    greatest = layers.GlobalMaxPooling2D()(model.get_layer("fire9").output)
    base = keras.Model(model.input, layers.Concatenate()([model.output, greatest]))

    def features(x, y):
        with tempfile.TemporaryDirectory() as folder:
            saved = bottleneck.save_features(base, x, y, folder, batch_size=16, progressbar=False)
            return np.array(saved.x)

    train, test = (
        [features(x, part.y) for x in (part.x, part.x[:, :, ::-1])]  # with mirror images
        for part in (data.train, data.test)
    )
    rows = np.tile(np.arange(len(data.train)), 2)  # a picture and its mirror image share a fold
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        {"logisticregression__C": np.logspace(-4, 0, 9)},
        cv=GroupKFold(10, shuffle=True, random_state=0),
    )
    search.fit(np.concatenate(train), np.tile(data.train.y, 2), groups=rows)
    found = sum(search.decision_function(x) for x in test) > 0
    correct = 100 * np.mean(found == data.test.y)
    return [
        (
            f"ants and bees, a linear classifier on `squeezenet`: {len(data.test)} test pictures",
            f"{correct:.1f} %",
            "at least 90 %",
        ),
        ("all told, from files to answers", f"{time.perf_counter() - start:.0f} s", "under 120 s"),
    ]
