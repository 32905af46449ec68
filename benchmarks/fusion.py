"""What fusion brings on audio-visual digits, what it costs, and who is speaking."""

import tempfile
import time
from statistics import mean, median, stdev

import course_lib.quiet  # noqa: F401

import keras  # isort: skip
import numpy as np
from keras import layers, ops
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from benchmarks import timing
from benchmarks.trials import run_all
from course_lib import datasets
from course_lib.datasets import files
from course_lib.experiments import intermediate_fusion as ties
from course_lib.fusion import architectures, decisions, early, merging, search, speakers, speech
from course_lib.fusion.architectures import SPACE, Training, modality_rates
from course_lib.fusion.data import inputs, rows

SEEDS, JOBS = range(5), 2
RUNS, BLOCK = 200, 20  # searches, and as many as a median is taken of
NOISE = {"picture_noise": 0.3, "sound_noise": 0.5}
MORE_NOISE = {"picture_noise": 0.5, "sound_noise": 1.0}
PICTURES, EPOCHS = 4, 20
SCORES = "fusion_architectures.jsonl"
STEPS, ROUNDS = 20, 15


def measure(course):
    table = course.root / "data" / SCORES
    found = [*search_table(table), *step_times()]
    real = [file for name in ("mnist", "spoken_digits") for file in files.files_of(name)]
    if all(files.find(file) for file in real):
        found += [*fusions(), *useless(), *inheritance(table), *who_speaks()]
    return found, []


def over_seeds(run):
    """Results of a function of a seed for all seeds, several at a time, by name."""
    found = run_all(run, [(seed,) for seed in SEEDS])
    return {name: np.array([result[name] for result in found]) for name in found[0]}


def spread(values, unit="", decimals=2):
    return f"{np.mean(values):.{decimals}f} ± {np.std(values, ddof=1):.{decimals}f}{unit}"


def fusions():
    """Errors of all fusions, and what each loses where a modality is missing."""
    found = over_seeds(fuse)
    lost = {name: found.pop(f"lost by {name}") for name in ("late", "modality dropout", "experts")}
    better = min("picture", "sound", key=lambda name: found[name].mean())
    best = min(set(found) - {"picture", "sound"}, key=lambda name: found[name].mean())
    cut = 100 * (1 - found[best] / found[better])
    ratio = lost["modality dropout"] / lost["late"]
    title = "Audio-visual digits, both noised: "
    missing = "one modality missing, points of accuracy lost by "
    return [
        *((f"{title}error of {name}", spread(found[name], " %"), "") for name in found),
        (f"{title}{best} cuts the error of {better} by", spread(cut, " %", 0), "at least 40 %"),
        *((f"{title}{missing}{name}", spread(values), "") for name, values in lost.items()),
        (f"{title}{missing}modality dropout, over late", spread(ratio, " ×"), "at most 0.1 ×"),
    ]


def fuse(seed):
    """Errors of all fusions in %, and points lost without one modality, by name.

    Experts are the networks of the other modality alone: what can be lost at the least.
    """
    data = datasets.load("audiovisual_digits", "real", pictures=PICTURES, **NOISE)
    x, y = inputs(data.train), data.train.y
    test, truth = inputs(data.test), data.test.y
    x, test = ({name: part[name] for name in ("picture", "sound")} for part in (x, test))
    size = len(y) // PICTURES
    keep, aside = (pairs(recordings, size) for recordings in split(size, seed))
    shapes = {name: values.shape[1:] for name, values in x.items()}

    def error(logits):
        return 100 * float(np.mean(np.argmax(logits, axis=-1) != truth))

    def train(**options):
        keras.utils.set_random_seed(seed)
        model = architectures.build(shapes, 10, **options)
        architectures.train(model, rows(x, keep), y[keep], EPOCHS)
        return lambda part: predict(model, part)

    answer = {
        "picture": train(sound=None),
        "sound": train(picture=None),
        "early": train(picture=0, sound=0),
        "late": train(),
        "low-rank": train(merge="low_rank"),
        "modality dropout": train(absent=0.5),
    }
    errors = {name: error(model(test)) for name, model in answer.items()}

    reduction = early.Reduction(64, seed).fit(list(rows(x, keep).values()))
    reduced, reduced_test = (reduction.transform(list(part.values())) for part in (x, test))
    keras.utils.set_random_seed(seed)
    network = keras.Sequential(
        [
            keras.Input(reduced.shape[1:]),
            layers.Dense(128, "relu"),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    architectures.train(network, reduced[keep], y[keep], EPOCHS)
    errors["early, 64 principal components each"] = error(predict(network, reduced_test))

    alone = [answer[name] for name in ("picture", "sound")]
    held = np.stack([model(rows(x, aside)) for model in alone])
    temperature = [decisions.calibrate(logits, y[aside]) for logits in held]
    held, tested = (
        ops.convert_to_numpy(ops.softmax(logits / np.reshape(temperature, (-1, 1, 1))))
        for logits in (held, np.stack([model(test) for model in alone]))
    )
    weights = decisions.accuracy_weights(held, y[aside])
    stacked = decisions.Stacked().fit(held, y[aside])
    errors |= {
        "decision, mean": error(decisions.mean(tested)),
        "decision, weighted": error(decisions.mean(tested, weights)),
        "decision, product": error(decisions.product(tested)),
        "decision, stacked": error(stacked.predict_proba(tested)),
    }
    merged = merge(shapes, rows(x, keep), y[keep], seed, merging.multiplicative, EPOCHS)
    errors["multiplicative"] = error(answer_of(predict(merged, test)))
    for name in ("late", "modality dropout"):
        without = [error(answer[name]({**test, gone: 0 * test[gone]})) for gone in test]
        errors[f"lost by {name}"] = mean(without) - errors[name]
    experts = mean(errors[name] for name in test)
    errors["lost by experts"] = experts - errors["modality dropout"]
    return errors


def merge(shapes, x, y, seed, loss, epochs, chosen=None):
    """A network with an answer for each modality, or mixture, trained by a merging loss."""
    keras.utils.set_random_seed(seed)
    given = {name: keras.Input(shape, name=name) for name, shape in shapes.items()}
    x = {name: x[name] for name in shapes}
    features = [
        layers.Dense(32, "relu")(architectures.stages(value, name)[3])
        for name, value in given.items()
    ]
    if chosen:
        features = merging.mixtures(ops.stack(features, axis=1), chosen)
        features = [features[:, number] for number in range(len(chosen))]
    logits = [layers.Dense(10)(layers.Dropout(0.3)(value)) for value in features]
    model = keras.Model(given, ops.stack(logits, axis=1))
    model.compile(
        keras.optimizers.Adam(2e-3),
        lambda labels, logits: loss(ops.reshape(labels, (-1,)), logits),
        steps_per_execution=16,
        jit_compile=False,
    )
    model.fit(x, y, batch_size=64, epochs=epochs, verbose=0)
    return model


def useless():
    """What merging losses make of a modality that is no use, with and without mixtures."""
    found = over_seeds(merge_all)
    by_mixtures = found["multiplicative, mixtures"] - found["additive, mixtures"]
    by_modalities = found["multiplicative"] - found["additive"]
    title = "Picture, sound, ink and static, much noise: "
    return [
        *((f"{title}error of {name}", spread(found[name], " %"), "") for name in found),
        (f"{title}multiplicative − additive", spread(by_modalities, " points"), ""),
        (f"{title}the same with all 15 mixtures", spread(by_mixtures, " points"), ""),
    ]


def merge_all(seed):
    """Errors of additive and multiplicative merging, in %, with static and without."""
    data = datasets.load("audiovisual_digits", "real", **MORE_NOISE)
    x, y, test = inputs(data.train), data.train.y, inputs(data.test)
    losses = {"additive": merging.additive, "multiplicative": merging.multiplicative}
    errors = {}
    for end, number in ((", static left out", 3), ("", 4), (", mixtures", 4)):
        shapes = {name: x[name].shape[1:] for name in list(x)[:number]}
        chosen = merging.subsets(4) if "mixtures" in end else None
        for name, loss in losses.items():
            model = merge(shapes, x, y, seed, loss, EPOCHS, chosen)
            given = {modality: test[modality] for modality in shapes}
            answers = answer_of(predict(model, given)).argmax(axis=-1)
            errors[name + end] = 100 * float(np.mean(answers != data.test.y))
    return errors


def answer_of(logits):
    """What modalities say together, Σ log p, of logits `(rows, modalities, classes)`."""
    return ops.convert_to_numpy(ops.sum(ops.log_softmax(logits), axis=1))


def predict(model, x):
    return model.predict(x, batch_size=1024, verbose=0)


def split(size, seed=0):
    """Recordings to train with, and a fifth of them to choose by."""
    order = np.random.default_rng(seed).permutation(size)
    return np.split(order, [4 * size // 5])


def pairs(recordings, size):
    """All rows of some recordings: each is paired with several pictures."""
    return np.add.outer(size * np.arange(PICTURES), recordings).ravel()


def search_rows():
    """Rows to train candidates with, and rows to choose by, both of the training part.

    Each recording to train with appears once, each one to choose by with all of its pictures, for
    a finer score.
    """
    data = datasets.load("audiovisual_digits", "real", pictures=PICTURES, **MORE_NOISE).train
    x, size = inputs(data), len(data) // PICTURES
    train, aside = split(size)
    return [(rows(x, part), data.y[part]) for part in (train, pairs(aside, size))]


def score_all(course, jobs):
    """The score of every architecture, trained from scratch once; a file in `data/` keeps them."""
    training = Training(*search_rows(), epochs=10)
    evaluations = search.Evaluations(training, course.root / "data" / SCORES, jobs)
    return search.at_random(SPACE, evaluations, len(SPACE))


def search_table(table):
    """Evaluations until one of the best 1 % is found, with scores that are all known."""
    scores = search.read(table)
    best = sorted(scores.values())[-(len(scores) // 100)]

    def needed(method):
        return [
            search.until(
                method(
                    SPACE,
                    search.Evaluations(lambda genome, parents: scores[genome]),
                    len(SPACE),
                    seed=seed,
                ),
                best,
            )
            for seed in range(RUNS)
        ]

    found = {"genetic": needed(search.genetic), "random": needed(search.at_random)}
    medians = {
        name: np.median(np.split(np.array(n), RUNS // BLOCK), 1) for name, n in found.items()
    }
    ratio = medians["genetic"] / medians["random"]
    title = f"{len(scores)} architectures, evaluations until one of the best 1 %"
    each = f"each a median of {BLOCK} runs"
    return [
        *(
            (f"{title}: {name} search, median of {RUNS} runs", f"{median(numbers):g}", "")
            for name, numbers in found.items()
        ),
        (
            f"{title}: genetic over random, {each}",
            f"{ratio[0]:.2f} × (first {BLOCK})",
            "at most 0.5 ×",
        ),
        (f"{title}: the same, {len(ratio)} times", timing.spread(sorted(ratio), "×"), ""),
    ]


def inheritance(table):
    """Children of a search, trained half as long with inherited weights, and from scratch."""
    train, validation = search_rows()
    scores, gains, survivors, times = search.read(table), [], [], []
    for seed in range(2):
        with tempfile.TemporaryDirectory() as folder:
            heir = Training(train, validation, epochs=10, inherited_epochs=5, folder=folder)
            alone = Training(train, validation, epochs=10)
            trials = search.genetic(SPACE, search.Evaluations(heir), 40, seed=seed)
            for generation in range(1, trials[-1].generation + 1):
                children = [trial for trial in trials if trial.generation == generation]
                both = np.array([(trial.score, scores[trial.genome]) for trial in children])
                gains += list(100 * np.subtract(*both.T))
                survivors.append(100 * np.subtract(*np.sort(both, axis=0)[-4:].mean(axis=0)))
                times += [(seconds(alone, trial), seconds(heir, trial)) for trial in children[:2]]
    ratio = np.divide(*np.sum(times, axis=0))
    title = f"Inherited weights, {len(gains)} children with 5 epochs in place of 10"
    gained = f"{title}: points of validation accuracy gained,"
    return [
        (f"{gained} median of all", f"{median(gains):+.2f}", "0"),
        (f"{gained} mean of all", with_error(gains), "0"),
        (f"{gained} mean of the best four of each generation", with_error(survivors), "0"),
        (f"{title}: seconds from scratch over inherited", f"{ratio:.2f} ×", "at least 2 ×"),
    ]


def with_error(values):
    """Mean and its standard error."""
    return f"{mean(values):+.2f} ± {stdev(values) / len(values) ** 0.5:.2f}"


def seconds(training, trial):
    start = time.perf_counter()
    training(trial.genome, trial.parents)
    return time.perf_counter() - start


def who_speaks():
    """Errors of speaker recognition on held-out takes."""
    found = over_seeds(recognise)
    title = "Six speakers, held-out takes: error of"
    return [(f"{title} {name}", spread(values, " %"), "") for name, values in found.items()]


def recognise(seed):
    """Errors of all recognisers in %, by name."""
    spoken = datasets.load("spoken_digits", "real")
    who, truth = spoken.train.speaker, spoken.test.speaker
    waves = [part.padded() for part in (spoken.train, spoken.test)]
    frames = [speech.log_mel(wave) for wave in waves]
    waves = [wave / np.sqrt(np.mean(wave**2, axis=1, keepdims=True)) for wave in waves]

    def error(answers):
        return 100 * float(np.mean(answers != truth))

    def listen(network, given):
        """A trained recogniser's answers to test recordings, and embeddings of all."""
        keras.utils.set_random_seed(seed)
        x = keras.Input(given[0].shape[1:])
        embedding = network(x)
        model = speakers.recognizer(x, embedding, len(spoken.train.speakers))
        falling = keras.optimizers.schedules.CosineDecay(0.01, 10 * -(-len(who) // 64))
        model.compile(
            keras.optimizers.Adam(falling),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            steps_per_execution=10,
            jit_compile=False,
        )
        model.fit(given[0], who, batch_size=64, epochs=10, verbose=0)
        inside = keras.Model(x, embedding)
        return predict(model, given[1]).argmax(axis=1), [predict(inside, part) for part in given]

    def linear(classifier, train, test):
        return make_pipeline(StandardScaler(), classifier).fit(train, who).predict(test)

    heard, by_wave = listen(speakers.sincnet, waves)
    seen, by_frames = listen(speakers.xvector, frames)
    in_a_row, _ = listen(lambda x: speakers.xvector(speakers.filter_bank(x)), waves)
    both = [np.hstack(parts) for parts in zip(by_wave, by_frames)]
    cepstra = [speech.mfcc(part) for part in frames]
    statistics = [np.hstack([part.mean(axis=1), part.std(axis=1)]) for part in cepstra]
    return {
        "MFCC statistics, support vector machine": error(linear(SVC(C=10), *statistics)),
        "MFCC statistics, logistic regression": error(
            linear(LogisticRegression(max_iter=500), *statistics)
        ),
        "SincNet": error(heard),
        "x-vector": error(seen),
        "both, side by side": error(linear(LogisticRegression(max_iter=500), *both)),
        "both, in a row": error(in_a_row),
    }


def steps_of(x, y):
    """Dictionary from a way to tie two modalities to a training step on one batch."""
    models = {
        name: ties.network(ties.MODALITIES, **options)
        for name, options in {
            "concatenation": {},
            "concatenation again": {},
            "gradient blending": {},
            "modality-wise rates": {},
            "contrastive alignment": {"align": 0.1},
            "cross-attention": {"attend": 32},
        }.items()
    }
    models["attention by Keras, one head"] = attended_by_keras()
    weights = {"gradient blending": np.float32([0.2, 0.3, 0.5])}
    for name, model in models.items():
        optimizer = keras.optimizers.Adam(2e-3)
        if name == "modality-wise rates":
            optimizer = modality_rates(model, optimizer, {"sound": 1e-3})
        own = weights.get(name, np.ones(3, "float32"))
        model.compile(optimizer, lambda y, z, q=own: merging.additive(y, z, q), jit_compile=False)
    return {name: lambda m=model: m.train_on_batch(x, y) for name, model in models.items()}


def attended_by_keras():
    """The network of cross-attention with Keras's layer in place of ours."""

    def attention(units):
        layer = layers.MultiHeadAttention(1, units, output_shape=units)
        return lambda query, value: layer(query, value)

    ours, ties.CrossAttention = ties.CrossAttention, attention
    try:
        return ties.network(ties.MODALITIES, attend=32)
    finally:
        ties.CrossAttention = ours


def step_times():
    """Ratio of each step to that of the same network without what the method adds.

    The ways alternate, `STEPS` steps at a time, in another order each round; a ratio is of two
    times of the same round. A second concatenation says how far apart equal ways come out.
    """
    rng = np.random.default_rng(0)
    x = {name: rng.normal(size=(50, *shape)) for name, shape in ties.SHAPES.items()}
    steps = steps_of({name: v.astype("float32") for name, v in x.items()}, np.arange(50) % 10)
    for step in steps.values():
        step()
    rounds = []
    for number in range(ROUNDS):
        names = list(steps)[number % len(steps) :] + list(steps)[: number % len(steps)]
        rounds.append({n: timing.seconds(lambda n=n: several(steps[n]), 1)[0] for n in names})
    plain = [1000 * times["concatenation"] / STEPS for times in rounds]
    found = [("Step of concatenation of two modalities", timing.spread(sorted(plain), "ms"), "")]
    beside = dict.fromkeys(list(steps)[1:-2], "concatenation")
    beside["cross-attention"] = "attention by Keras, one head"
    for name, other in beside.items():
        ratios = sorted(times[name] / times[other] for times in rounds)
        target = "" if name == "concatenation again" else "at most 1.15"
        found.append((f"Step of {name} beside {other}", timing.spread(ratios, "×"), target))
    return found


def several(step):
    for _ in range(STEPS):
        step()
