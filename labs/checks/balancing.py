"""Hidden checks of the lab `balancing`."""

import numpy as np

from course_lib.classroom.checks import Check


class CrossStitch(Check):
    """A learned matrix that mixes tasks, one row for each, near the identity at the start."""

    task = "cross_stitch"

    def given(self, rng):
        tasks = int(rng.integers(3, 6))
        return {
            "vectors": rng.normal(size=(tasks, 5, 4)).astype("float32"),
            "pictures": rng.normal(size=(tasks, 2, 3, 4, 2)).astype("float32"),
            "diagonal": float(rng.uniform(0.4, 0.95)),
            "mixing": rng.normal(size=(tasks, tasks)).astype("float32"),
            "slopes": rng.normal(size=tasks).astype("float32"),
        }

    @staticmethod
    def run(student, vectors, pictures, diagonal, mixing, slopes):
        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops

        def mixed(layer, features):
            return [ops.convert_to_numpy(h) for h in layer([tf.constant(h) for h in features])]

        layer = student.CrossStitch(diagonal)
        at_first = mixed(layer, vectors)
        usual = student.CrossStitch()
        mixed(usual, vectors)
        inputs = [keras.Input(vectors.shape[2:]) for _ in vectors]
        within = student.CrossStitch(diagonal)
        model = keras.Model(inputs, within(inputs))
        on_pictures = student.CrossStitch(diagonal)
        mixed(on_pictures, pictures)
        returned = {
            "weights": [ops.convert_to_numpy(weight) for weight in layer.weights],
            "usual": [ops.convert_to_numpy(weight) for weight in usual.weights],
            "trained": len(layer.trainable_weights),
            "at_first": at_first,
        }
        for one in (layer, within, on_pictures):
            for weight in one.weights:
                if tuple(weight.shape) == mixing.shape:
                    weight.assign(mixing)
        returned["vectors"] = mixed(layer, vectors)
        returned["model"] = mixed(model, vectors[:, :3])
        returned["pictures"] = mixed(on_pictures, pictures)
        features = tf.constant(vectors)
        with tf.GradientTape() as tape:
            tape.watch(features)
            outputs = layer(tf.unstack(features))
            total = sum(slope * tf.reduce_sum(h**2) for slope, h in zip(slopes, outputs))
        found = tape.gradient(total, [*layer.weights, features], unconnected_gradients="zero")
        returned["gradients"] = [ops.convert_to_numpy(gradient) for gradient in found]
        for weight in layer.weights:
            if tuple(weight.shape) == mixing.shape:
                weight.assign(np.eye(len(mixing)))
        returned["separate"] = mixed(layer, vectors)
        return returned

    def judge(self, given, returned):
        vectors, mixing = given["vectors"], given["mixing"]
        tasks = len(vectors)
        one_matrix = [weight.shape for weight in returned["weights"]] == [(tasks, tasks)]
        yield (
            one_matrix and returned["trained"] == 1,
            "The only weight has a row and a column for each task, and is trained.",
        )
        if one_matrix:
            yield (
                _close(returned["weights"][0], _near_identity(tasks, given["diagonal"]))
                and _close(returned["usual"][0], _near_identity(tasks, 0.9)),
                "At the start the diagonal is as given, 0.9 if nothing is, and the rest of each "
                "row is spread evenly over the other tasks.",
            )
        yield (
            _close(returned["at_first"], _mixed(_near_identity(tasks, given["diagonal"]), vectors)),
            "At the start each task goes on with mostly its own features.",
        )
        yield (
            _close(returned["vectors"], _mixed(mixing, vectors)),
            "Each task goes on with the sum over tasks that its own row of the matrix says.",
        )
        yield (
            _close(returned["separate"], vectors),
            "With the identity, each task goes on with its own features.",
        )
        yield (
            _close(returned["pictures"], _mixed(mixing, given["pictures"])),
            "Pictures are mixed by the same matrix at every place and in every channel.",
        )
        yield (
            _close(returned["model"], _mixed(mixing, vectors[:, :3])),
            "The layer works in a functional model, for batches of any size.",
        )
        steep = 2 * given["slopes"][:, None, None] * _mixed(mixing, vectors)
        both_ways = [np.einsum("ibf,jbf->ij", steep, vectors), _mixed(mixing.T, steep)]
        yield (
            all(map(_close, returned["gradients"], both_ways))
            and len(returned["gradients"]) == len(both_ways),
            "Gradients pass to the matrix and to the features of all tasks.",
        )


class Uncertainty(Check):
    """Σ L / (2 eˢ) + s / 2, without the 2 for classification, with s that learns."""

    task = "uncertainty"

    def given(self, rng):
        tasks = int(rng.integers(4, 7))
        kinds = np.append([True, False], rng.random(tasks - 2) < 0.5)
        return {
            "classifies": [bool(kind) for kind in rng.permutation(kinds)],
            "s": rng.uniform(-4, 4, size=tasks).astype("float32"),
            "losses": np.exp(rng.uniform(-4, 3, size=tasks)).astype("float32"),
        }

    @staticmethod
    def run(student, classifies, s, losses):
        import tensorflow as tf
        from keras import ops

        def evaluate(classifies, s, losses):
            layer = student.UncertaintyWeighting(classifies)
            weights = layer.trainable_weights
            shapes = [list(weight.shape) for weight in weights]
            start = [ops.convert_to_numpy(weight) for weight in weights]
            if s is not None and shapes == [[len(s)]]:
                weights[0].assign(s)
            losses = tf.constant(losses)
            with tf.GradientTape() as tape:
                tape.watch(losses)
                total = layer(losses)
            slopes = tape.gradient(total, [*weights, losses], unconnected_gradients="zero")
            return {
                "shapes": shapes,
                "start": start,
                "total": ops.convert_to_numpy(total),
                "factors": ops.convert_to_numpy(layer.factors()),
                "slopes": [ops.convert_to_numpy(slope) for slope in slopes],
            }

        return {
            "start": evaluate(classifies, None, losses),
            "usual": evaluate(classifies, s, losses),
            "small": evaluate(classifies, s - 6, losses * 0),
            "numbers": evaluate([False] * len(s), s, losses),
            "classes": evaluate([True] * len(s), s, losses),
        }

    def judge(self, given, returned):
        losses, s, classifies = (given[name] for name in ("losses", "s", "classifies"))
        tasks = len(losses)
        yield (
            returned["start"]["shapes"] == [[tasks]],
            "One weight is trained, with a number for each task.",
        )
        yield (
            all(_close(start, np.zeros(tasks)) for start in returned["start"]["start"]),
            "All variances are 1 at the start.",
        )
        cases = {
            "start": (
                classifies,
                0 * s,
                losses,
                "At the start the total is the sum of the losses, half of it where tasks predict "
                "numbers.",
            ),
            "usual": (
                classifies,
                s,
                losses,
                "The total is what the formula says of the logarithms of variances, of both kinds "
                "of tasks.",
            ),
            "small": (
                classifies,
                s - 6,
                0 * losses,
                "The total may be negative, where losses and variances are small.",
            ),
            "numbers": (
                [False] * tasks,
                s,
                losses,
                "The formula holds where no task classifies.",
            ),
            "classes": ([True] * tasks, s, losses, "The formula holds where all tasks classify."),
        }
        for name, (kinds, at, of, sentence) in cases.items():
            found = returned[name]
            factors = np.where(kinds, 1, 0.5) * np.exp(-at)
            yield _close(found["total"], np.sum(factors * of + at / 2)), sentence
            yield (
                _close(found["factors"], factors),
                "The factors are what each loss is multiplied by, above zero whatever s is.",
            )
            slopes = [0.5 - factors * of, factors]
            yield (
                len(found["slopes"]) == 2 and all(map(_close, found["slopes"], slopes)),
                "Gradients pass to the losses, and to the weight by both terms, so that it settles "
                "where the loss says.",
            )


class DynamicWeights(Check):
    """N softmax(r / T), with r of the means of the last two epochs."""

    task = "dynamic_weights"

    def given(self, rng):
        tasks = int(rng.integers(3, 6))
        batches = rng.permutation([3, 4, 6, 9, 13])
        units = 10.0 ** rng.integers(-3, 4, size=tasks)
        return {
            "epochs": [units * rng.uniform(0.2, 3, size=(int(rows), tasks)) for rows in batches],
            "tasks": tasks,
            "temperature": float(rng.uniform(0.2, 1.2)),
            "units": 10.0 ** np.append(-9, rng.uniform(-3, 3, size=tasks - 1)),
        }

    @staticmethod
    def run(student, epochs, tasks, temperature, units):
        import numpy as np

        def weights(epochs, tasks=tasks, **options):
            return np.asarray(student.dynamic_weights(epochs, tasks, **options))

        leap = [np.ones((2, tasks)), np.where(np.arange(tasks) == 1, 1000.0, 990.0)[None]]
        returned = {
            "none": weights([]),
            "one": weights(epochs[:1], temperature=temperature),
            "two": weights(epochs[:2]),
            "five": weights(epochs),
            "sharp": weights(epochs, temperature=temperature),
            "flat": weights(epochs, temperature=1e7),
            "leap": weights(leap, temperature=0.02),
            "units": weights([losses * units for losses in epochs]),
            "alone": weights([losses[:, :1] for losses in epochs], 1),
        }
        return {**returned, "kept": list(epochs)}

    def judge(self, given, returned):
        epochs, tasks = given["epochs"], given["tasks"]
        ones = np.ones(tasks)
        yield (
            _close(returned["none"], ones) and _close(returned["one"], ones),
            "Before two epochs are over, all weights are 1.",
        )
        yield (
            _close(returned["two"], _paced(epochs[:2], 2)),
            "From the third epoch on, the weights follow from the means of two epochs.",
        )
        yield (
            _close(returned["five"], _paced(epochs, 2)),
            "After more epochs, the last two decide, however many batches each of them had.",
        )
        yield (
            all(np.isclose(np.sum(returned[name]), tasks) for name in ("two", "five", "sharp")),
            "The weights sum to the number of tasks.",
        )
        yield (
            _close(returned["sharp"], _paced(epochs, given["temperature"]))
            and _close(returned["flat"], ones),
            "The temperature divides the ratios: the larger, the more equal are the weights.",
        )
        yield (
            _close(returned["leap"], tasks * (np.arange(tasks) == 1)),
            "The weights are numbers even where a loss leaps and the temperature is small.",
        )
        yield (
            _close(returned["units"], _paced(epochs, 2)),
            "The units of the losses make no difference.",
        )
        yield _close(returned["alone"], [1.0]), "A single task has the weight 1."
        yield (
            len(returned["kept"]) == len(epochs)
            and all(map(np.array_equal, returned["kept"], epochs)),
            "The given losses stay as they are.",
        )


class SignDropout(Check):
    """One sign an entry, drawn with the chance that makes the sum the expectation."""

    task = "sign_dropout"

    def given(self, rng):
        tasks, draws = int(rng.integers(3, 6)), 2500
        kinds = rng.normal(size=(tasks, 5)) * [1, 1, 1, 1e-9, 1e5]
        kinds[-1] -= np.sign(kinds[-1]) * 0.3 * np.abs(kinds).sum(axis=0)
        balanced = np.zeros((tasks, 1))
        balanced[:3, 0] = rng.permutation([3.0, -1.0, -1.0])
        agreed = np.abs(rng.normal(size=(tasks, 2))) * [1, -1]
        kinds = np.hstack([kinds, balanced, balanced, agreed, np.zeros((tasks, 1))])
        return {
            "kinds": kinds,
            "draws": draws,
            "others": rng.normal(size=(tasks, 2, 3, 4, 2)).astype("float32"),
            "scalars": rng.normal(size=tasks),
            "seed": int(rng.integers(2**31)),
        }

    @staticmethod
    def run(student, kinds, draws, others, scalars, seed):
        import numpy as np

        gradients = np.repeat(kinds[..., None], draws, axis=2)
        rng, few = np.random.default_rng(seed), gradients[..., :50]
        before = [x.copy() for x in (gradients, others, scalars)]
        returned = {
            "first": np.asarray(student.sign_dropout(few, rng)),
            "second": np.asarray(student.sign_dropout(few, rng)),
            "again": np.asarray(student.sign_dropout(few, np.random.default_rng(seed))),
            "alone": np.asarray(student.sign_dropout(few[:1], rng)),
            "many": np.asarray(student.sign_dropout(gradients, rng)),
            "others": np.asarray(student.sign_dropout(others, rng)),
            "scalars": np.asarray(student.sign_dropout(scalars, rng)),
        }
        after = (gradients, others, scalars)
        return {**returned, "kept": [bool(np.array_equal(*x)) for x in zip(before, after)]}

    def judge(self, given, returned):
        kinds, many = given["kinds"], returned["many"]
        yield all(returned["kept"]), "The given gradients stay as they are."
        for name in ("others", "scalars"):
            yield (
                _of_one_sign(given[name], returned[name]),
                "Gradients may have any number of axes, tasks along the first of them.",
            )
        yield (
            _of_one_sign(np.repeat(kinds[..., None], given["draws"], axis=2), many),
            "Each entry is the sum of all positive parts, or of all negative ones, as they are.",
        )
        yield np.all(many[-1] == 0), "Where all gradients are 0, so is the result."
        total, size = kinds.sum(axis=0), np.abs(kinds).sum(axis=0)
        yield (
            np.allclose(many[-3:-1], total[-3:-1, None])
            and np.allclose(returned["alone"], kinds[0][:, None]),
            "Where no signs differ, all is kept.",
        )
        positive = many[:-1] > 0
        purity = (1 + total[:-1] / size[:-1]) / 2
        yield (
            np.all(np.abs(positive.mean(axis=1) - purity) < 0.05),
            "The sign is + as often as the formula says, whatever the size of the gradients.",
        )
        yield (
            np.all(np.abs(many.mean(axis=1) - total) <= 0.05 * size),
            "On average the sum of all gradients is kept.",
        )
        # Two entries of the same gradients, whose draws agree no more often than chance has it.
        one, other = positive[5], positive[6]
        agree = purity[5] ** 2 + (1 - purity[5]) ** 2
        yield (
            all(
                abs(np.mean(these == those) - agree) < 0.06
                for these, those in ((one, other), (one[1:], one[:-1]), (other[1:], other[:-1]))
            ),
            "Each entry has a draw of its own.",
        )
        yield (
            np.array_equal(returned["first"], returned["again"])
            and not np.array_equal(returned["first"], returned["second"]),
            "The generator decides what is drawn, and each call draws anew.",
        )


class RelativeGain(Check):
    """Gains over single-task measures, in the direction of each, paired by seed."""

    task = "relative_gain"

    def given(self, rng):
        tasks = [f"task_{number}" for number in rng.permutation(5)[: int(rng.integers(3, 6))]]
        seeds = int(rng.integers(4, 8))

        def draw(loudness):
            return {task: loud * rng.uniform(0.5, 2, size=seeds) for task, loud in loudness.items()}

        signs = rng.permutation([1.0, -1.0, 1.0, 1.0, -1.0])
        loudness = {task: sign * 10.0 ** rng.integers(-2, 3) for task, sign in zip(tasks, signs)}
        lower = dict(zip(tasks, [True, False, *(bool(low) for low in rng.random(3) < 0.5)]))
        return {
            "several": draw(loudness),
            "single": draw(dict(reversed(loudness.items()))),
            "lower": dict(sorted(lower.items())),
            "gains": rng.normal(size=seeds),
        }

    @staticmethod
    def run(student, several, single, lower, gains):
        import numpy as np

        def names_differ(*measures):
            try:
                student.relative_gains(*measures)
            except ValueError:
                return True
            except Exception:
                return False
            return False

        def without(dictionary, place):
            left = list(dictionary)
            del left[place]
            return {task: dictionary[task] for task in left}

        task = next(iter(several))
        other = {**without(single, 0), "other": np.ones(len(gains))}
        return {
            "gains": np.asarray(student.relative_gains(several, single, lower)),
            "same": np.asarray(student.relative_gains(several, several, lower)),
            "one": np.asarray(
                student.relative_gains(
                    {task: several[task]}, {task: single[task]}, {task: lower[task]}
                )
            ),
            "raises": [
                names_differ(without(several, 0), single, lower),
                names_differ(several, without(single, -1), lower),
                names_differ(several, single, without(lower, 0)),
                names_differ(several, other, lower),
            ],
            "summary": [float(value) for value in student.mean_and_error(gains)],
            "two": [float(value) for value in student.mean_and_error(gains[:2])],
        }

    def judge(self, given, returned):
        several, single, lower = (given[name] for name in ("several", "single", "lower"))
        gains = {
            task: (several[task] - single[task]) / np.abs(single[task]) * (-1 if lower[task] else 1)
            for task in several
        }
        yield (
            _close(returned["gains"], np.mean(list(gains.values()), axis=0)),
            "Each seed's gain is the mean over tasks of gains relative to the size of the "
            "single-task measure of that seed, in the direction of each measure.",
        )
        task = next(iter(several))
        yield (
            _close(returned["one"], gains[task]),
            "Of a single task, the gain is that task's.",
        )
        yield (
            _close(returned["same"], np.zeros(len(gains[task]))),
            "Equal measures are no gain.",
        )
        yield (
            all(returned["raises"]),
            "It is a ValueError if any of the three dictionaries names other tasks.",
        )
        yield (
            _close(returned["summary"], _mean_and_error(given["gains"]))
            and _close(returned["two"], _mean_and_error(given["gains"][:2])),
            "Gains are summarised by their mean and the standard error of it.",
        )


def _near_identity(tasks, diagonal):
    rest = (1 - diagonal) / (tasks - 1)
    return rest + (diagonal - rest) * np.eye(tasks)


def _mixed(mixing, features):
    return np.einsum("ij,j...->i...", mixing, features)


def _paced(epochs, temperature):
    ratio = epochs[-1].mean(axis=0) / epochs[-2].mean(axis=0)
    power = np.exp((ratio - ratio.max()) / temperature)
    return len(ratio) * power / power.sum()


def _of_one_sign(gradients, found):
    """Whether each entry is the sum of the positive gradients, or of the negative ones."""
    positive, negative = (
        np.sum(np.where(sign * gradients > 0, gradients, 0), axis=0) for sign in (1, -1)
    )
    near = 1e-4 * np.abs(gradients).sum(axis=0)
    return found.shape == positive.shape and bool(
        np.all((np.abs(found - positive) <= near) | (np.abs(found - negative) <= near))
    )


def _mean_and_error(gains):
    deviation = np.sqrt(np.sum((gains - gains.mean()) ** 2) / (len(gains) - 1))
    return [gains.mean(), deviation / np.sqrt(len(gains))]


def _close(found, expected):
    return np.shape(found) == np.shape(expected) and np.allclose(
        found, expected, rtol=1e-3, atol=1e-4
    )
