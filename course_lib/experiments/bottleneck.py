"""What the record of lecture 02 holds: ways to fine-tune `course_tiny` on few pictures of clothes.

The source is CIFAR-10, which has no clothes; the classes are the six pairs of colour and garment of
the dresses' training part. A seed draws 20 pictures of each, which every method gets with their
mirror images. Networks make the same number of steps on batches of the same size, without further
augmentation; a head that is trained first makes as many on features. Test pictures are the
loader's, also shown darker than any network has seen them. Others of the training part are for
validation, the same for all seeds.

Every method has three settings, and takes the one with the best accuracy on validation pictures for
the seed of `TUNING_SEED`.
"""

import functools

import keras
import numpy as np
from keras import layers
from sklearn.linear_model import LogisticRegression, RidgeClassifier

from course_lib import datasets
from course_lib.datasets.pictures.dresses import duplicates
from course_lib.transfer import backbones, freezing
from course_lib.transfer.finetuning import adapters, averaging, l2_sp, lora, probing

SEEDS = 5
TUNING_SEED = 1000
SIZE, CLASSES, PER_CLASS, VALIDATION = 32, 6, 20, 500
BATCH, EPOCHS = 32, 10
PROBE_EPOCHS, PROBE_RATE = 30, 1e-2
DARK = 0.5  # brightness of the darker test pictures
BETA = 0.01

SETTINGS = {
    "majority class": [{}],
    "ridge on pixels": [{"penalty": p} for p in (10.0, 100.0, 1000.0)],
    "head only": [{"C": C} for C in (0.03, 0.3, 3.0)],
    "from scratch": [{"rate": r} for r in (1e-3, 3e-3, 1e-2)],
    "full fine-tuning": [{"rate": r} for r in (3e-4, 1e-3, 3e-3)],
    "layer rates": [{"rate": r, "early": e} for r, e in ((1e-3, 0.3), (3e-3, 0.1), (3e-3, 0.3))],
    "LP-FT": [{"rate": r} for r in (3e-4, 1e-3, 3e-3)],
    "L²-SP": [{"rate": r, "alpha": a} for r, a in ((1e-3, 0.01), (3e-3, 0.01), (3e-3, 0.1))],
    "LoRA": [{"rate": r, "rank": k} for r, k in ((3e-3, 16), (1e-2, 4), (1e-2, 16))],
    "adapters": [{"rate": r, "width": w} for r, w in ((3e-3, 32), (1e-2, 8), (1e-2, 32))],
    "WiSE-FT": [{"rate": r, "a": a} for r, a in ((1e-3, 0.5), (3e-3, 0.5), (3e-3, 0.75))],
}
TUNED = {
    "majority class": {},
    "ridge on pixels": {"penalty": 100.0},
    "head only": {"C": 3.0},
    "from scratch": {"rate": 0.003},
    "full fine-tuning": {"rate": 0.001},
    "layer rates": {"rate": 0.003, "early": 0.3},
    "LP-FT": {"rate": 0.001},
    "L²-SP": {"rate": 0.003, "alpha": 0.1},
    "LoRA": {"rate": 0.01, "rank": 16},
    "adapters": {"rate": 0.01, "width": 8},
    "WiSE-FT": {"rate": 0.001, "a": 0.5},
}
CHEAP = {"method": "majority class", "part": "test"}


def tuning():
    """Returns `(seed, configuration)` of every setting; measures are of validation pictures."""
    return [
        (TUNING_SEED, {"method": method, "part": "validation", **setting})
        for method, settings in SETTINGS.items()
        for setting in settings
    ]


def chosen(frame):
    """The settings with the highest accuracy on validation pictures, the first of equal ones.

    Args:
        frame: Rows of the record, a pandas frame.

    Returns:
        Dictionary from method to its setting, as of `TUNED`.
    """
    best = {}
    for method, settings in SETTINGS.items():
        rows = frame[(frame.purpose == "tuning") & (frame.method == method)]
        accuracy = [
            rows.loc[(rows[list(s)] == list(s.values())).all(axis=1), "accuracy"].sum()
            for s in settings
        ]
        best[method] = settings[int(np.argmax(accuracy))]
    return best


def trials(seed):
    """Returns the configurations of one seed, the cheap ones first."""
    return [{"method": method, "part": "test", **TUNED[method]} for method in SETTINGS]


def train(seed, method, part, **setting):
    """One training.

    Args:
        seed: Seed of the labelled pictures, of new layers and of batches.
        method: A name of `SETTINGS`.
        part: Which pictures are measured, `"test"` or `"validation"`.
        **setting: One of the method's settings.

    Returns:
        Dictionary of `measures`: accuracy in %, on the pictures and on darker ones; of networks,
        also the number of weights that were trained.

    Raises:
        ValueError: for an unknown method.
    """
    if method not in SETTINGS:
        raise ValueError(f"No method is called {method!r}. There are: {', '.join(SETTINGS)}.")
    pool, *judged = pictures()
    x, y = draw(*pool, seed)
    keras.utils.set_random_seed(seed)
    answer = METHODS[method](x, y, seed, **setting)
    shown, labels = judged[part == "test"]
    measures = {"accuracy": 100 * np.mean(answer(shown) == labels)}
    if part == "test":
        measures["accuracy_dark"] = 100 * np.mean(answer((DARK * shown).astype("uint8")) == labels)
    if isinstance(getattr(answer, "model", None), keras.Model):
        measures["trained"] = sum(int(np.prod(w.shape)) for w in answer.model.trainable_weights)
    return {"measures": measures}


@functools.cache
def pictures():
    """Pictures and classes to draw from, to validate with and to test with, three pairs."""
    data = datasets.load("dresses", "real", size=SIZE)
    train, test = (
        (part.x, np.unique(part.colour * 4 + part.garment, return_inverse=True)[1])
        for part in (data.train, data.test)
    )
    order = np.random.default_rng(0).permutation(np.unique(duplicates(train[0])))
    valid = np.isin(duplicates(train[0]), order[:VALIDATION])
    return (train[0][~valid], train[1][~valid]), (train[0][valid], train[1][valid]), test


def draw(x, y, seed):
    """As many pictures of each class, and their mirror images."""
    rng = np.random.default_rng(seed)
    rows = [rng.permutation(np.flatnonzero(y == c))[:PER_CLASS] for c in range(CLASSES)]
    x, y = x[np.concatenate(rows)], y[np.concatenate(rows)]
    return np.concatenate([x, x[:, :, ::-1]]), np.tile(y, 2)


class Answers:
    """Answers of a network to pictures, `(pictures,)`."""

    def __init__(self, model):
        self.model = model

    def __call__(self, x):
        parts = np.array_split(x, -(-len(x) // 250))
        scores = [keras.ops.convert_to_numpy(self.model(part, training=False)) for part in parts]
        return np.concatenate(scores).argmax(axis=-1)


def majority(x, y, seed):
    """The most frequent class."""
    return lambda pictures: np.full(len(pictures), np.bincount(y).argmax())


def ridge(x, y, seed, penalty):
    """Ridge regression of the classes on pixels."""

    def flat(pictures):
        return pictures.reshape(len(pictures), -1) / 255

    model = RidgeClassifier(alpha=penalty).fit(flat(x), y)
    return lambda pictures: model.predict(flat(pictures))


def head_only(x, y, seed, C):
    """Logistic regression on features."""
    base = backbones.load("course_tiny").model
    model = LogisticRegression(C=C, max_iter=1000).fit(base.predict(x, verbose=0), y)
    return lambda pictures: model.predict(base.predict(pictures, batch_size=250, verbose=0))


def network(weights="trained", seed=0):
    """`course_tiny` with a new head, batch normalisation frozen where it is trained already."""
    base = backbones.load("course_tiny", weights=weights, seed=seed).model
    model = keras.Model(base.input, layers.Dense(CLASSES, name="head")(base.output))
    freezing.freeze(model, train_batch_norm=weights == "random")
    return model


def compiled(model, rate, rows, epochs=EPOCHS, optimizer=lambda adam: adam):
    """Compiles a model with Adam, whose rate falls to zero along a cosine."""
    steps = epochs * -(-rows // BATCH)
    adam = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer(adam), loss, jit_compile=False)


def fit(model, x, y, rate, **options):
    """Trains a model; options as of `compiled`. Returns its `Answers`."""
    compiled(model, rate, len(y), **options)
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, verbose=0)
    return Answers(model)


def from_scratch(x, y, seed, rate):
    """The same network, all of it from random weights."""
    return fit(network("random", seed), x, y, rate)


def full(x, y, seed, rate):
    """Full fine-tuning, from a new head."""
    return fit(network(), x, y, rate)


def layer_rates(x, y, seed, rate, early):
    """The stem and the first two blocks at a smaller rate."""
    model = network()

    def slower(adam):
        schedule = keras.optimizers.schedules.CosineDecay(
            early * rate, EPOCHS * -(-len(y) // BATCH)
        )
        return freezing.layer_rates(model, adam, {"(stem|block1|block2)_.*": schedule})

    return fit(model, x, y, rate, optimizer=slower)


def probed(x, y, rate, epochs=EPOCHS):
    """A network whose head was trained first, and then everything."""
    model = network()

    def compile(part):
        of_head = part is not model
        rates = (PROBE_RATE, len(y), PROBE_EPOCHS) if of_head else (rate, len(y))
        compiled(part, *rates)

    options = {"batch_size": BATCH, "verbose": 0}
    probing.probe_then_fine_tune(model, "pooled", compile, x, y, PROBE_EPOCHS, epochs, **options)
    return model


def lp_ft(x, y, seed, rate):
    """The head first, then everything."""
    return Answers(probed(x, y, rate))


def wise_ft(x, y, seed, rate, a):
    """Between the probe and what fine-tuning makes of it, as in LP-FT."""
    model = probed(x, y, rate, epochs=0)
    start = averaging.interpolate(model, model, 0)
    fit(model, x, y, rate)
    return Answers(averaging.interpolate(start, model, a))


def towards_the_source(x, y, seed, rate, alpha):
    """L2-SP: full fine-tuning with a pull towards the weights that it began with."""
    return fit(l2_sp.L2SP(network(), alpha, BETA, new=["head"]), x, y, rate)


def low_rank(x, y, seed, rate, rank):
    """LoRA on all kernels, with a new head."""
    return fit(lora.add_lora(network(), rank, head=["head"]), x, y, rate)


def adapted(x, y, seed, rate, width):
    """Adapters after each block, with a new head."""
    after = backbones.load("course_tiny").cuts[:-1]
    return fit(adapters.add_adapters(network(), after, width, head=["head"]), x, y, rate)


METHODS = {
    "majority class": majority,
    "ridge on pixels": ridge,
    "head only": head_only,
    "from scratch": from_scratch,
    "full fine-tuning": full,
    "layer rates": layer_rates,
    "LP-FT": lp_ft,
    "L²-SP": towards_the_source,
    "LoRA": low_rank,
    "adapters": adapted,
    "WiSE-FT": wise_ft,
}
