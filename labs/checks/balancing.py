"""Hidden checks of the lab `balancing`."""

import numpy as np

from classroom.checks import Array, Check, shown

# What is required of the total of uncertainty weighting in each case.
TOTALS = {
    "start": "At the start the total is the sum of the losses, half of it where tasks predict "
    "numbers.",
    "usual": "The total is what the formula says of the logarithms of variances, of both kinds of "
    "tasks.",
    "low": "The total may be negative, where losses and variances are small.",
    "wide": "The formula holds whatever s is, without bounds.",
    "numbers": "The formula holds where no task classifies.",
    "classes": "The formula holds where all tasks classify.",
    "alone": "The formula holds for a single task.",
}


class CrossStitch(Check):
    """A learned matrix that mixes tasks, one row for each, near the identity at the start."""

    task = "cross_stitch"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            visible = np.random.default_rng(0)
            vectors = [visible.normal(size=(4, 3)).astype("float32") for _ in range(2)]
            mixing = [[1.0, 2.0], [3.0, -4.0]]
            return self._complete(visible, np.stack(vectors), mixing, 0.9)
        size = (2, int(rng.integers(3, 7)), int(rng.integers(2, 6)))
        vectors = rng.normal(size=size).astype("float32")
        return self._complete(rng, vectors, _free_matrix(rng, 2), rng.uniform(0.4, 0.95))

    def given(self, rng):
        tasks = int(rng.integers(3, 6))
        vectors = rng.normal(size=(tasks, 5, 4)).astype("float32")
        shapes = ((2, 3, 4, 2), (3, 4, 2), (2, tasks, tasks, 2), (6,))
        others = [rng.normal(size=(tasks, *shape)).astype("float32") for shape in shapes]
        mixing = _free_matrix(rng, tasks)
        return self._complete(rng, vectors, mixing, rng.uniform(0.4, 0.95), others)

    @staticmethod
    def _complete(rng, vectors, mixing, diagonal, others=()):
        tasks = len(vectors)
        return {
            "vectors": vectors,
            "others": list(others),
            "diagonal": float(diagonal),
            "mixing": np.asarray(mixing, "float32"),
            "slopes": rng.uniform(0.5, 1.5, size=tasks).astype("float32"),
            "rate": float(rng.uniform(0.02, 0.05)),
        }

    @staticmethod
    def run(student, vectors, others, diagonal, mixing, slopes, rate):
        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops

        def mixed(layer, features, **options):
            found = layer([tf.constant(h) for h in features], **options)
            assert all(tf.is_tensor(h) for h in found)
            return [ops.convert_to_numpy(h) for h in found]

        def matrices(weights):
            return [weight for weight in weights if tuple(weight.shape) == mixing.shape]

        def assign(layer, value):
            for weight in matrices(layer.weights):
                weight.assign(value)
            return layer

        usual = student.CrossStitch()
        returned = {"usual_at_first": mixed(usual, vectors)}
        returned["usual"] = [ops.convert_to_numpy(x) for x in matrices(usual.trainable_weights)]
        returned["trained"] = [list(weight.shape) for weight in usual.trainable_weights]
        returned["separate"] = mixed(assign(usual, np.eye(len(mixing))), vectors)
        returned["vectors"] = mixed(assign(usual, mixing), vectors)
        if not others:
            return returned
        layer = student.CrossStitch(diagonal)
        returned["at_first"] = mixed(layer, vectors)
        returned["start"] = [ops.convert_to_numpy(x) for x in matrices(layer.weights)]
        returned["weights"] = [list(weight.shape) for weight in layer.weights]
        returned["others"] = []
        for features in others:
            one = student.CrossStitch(diagonal)
            mixed(one, features)
            returned["others"].append(mixed(assign(one, mixing), features))
        inputs = [keras.Input(vectors.shape[2:]) for _ in vectors]
        within = student.CrossStitch(diagonal)
        outputs = within(inputs)
        model = keras.Model(inputs, outputs)
        assign(within, mixing)
        returned["listed"] = isinstance(outputs, list | tuple)
        returned["model"] = mixed(model, vectors[:, :3])
        returned["training"] = mixed(model, vectors, training=True)
        features, trained = tf.constant(vectors), matrices(usual.trainable_weights)
        with tf.GradientTape() as tape:
            tape.watch(features)
            outputs = usual(tf.unstack(features))
            total = sum(slope * tf.reduce_sum(h**2) for slope, h in zip(slopes, outputs))
        *steep, by_features = tape.gradient(
            total, [*(x.value for x in trained), features], unconnected_gradients="zero"
        )
        returned["by_matrix"] = [ops.convert_to_numpy(gradient) for gradient in steep]
        returned["by_features"] = ops.convert_to_numpy(by_features)
        keras.optimizers.SGD(rate).apply_gradients(zip(steep, trained))
        returned["stepped"] = [ops.convert_to_numpy(weight) for weight in trained]
        return {**returned, "losses": len(usual.losses)}

    def returns(self, given):
        tasks, rows, features = given["vectors"].shape
        vectors, matrices = [Array((rows, features))] * tasks, [Array((tasks, tasks)), ...]
        form = {
            **{name: vectors for name in ("usual_at_first", "separate", "vectors")},
            "usual": matrices,
            "trained": [[int, ...], ...],
        }
        if not given["others"]:
            return form
        return {
            **form,
            **{name: vectors for name in ("at_first", "training")},
            **{name: matrices for name in ("start", "by_matrix", "stepped")},
            "weights": [[int, ...], ...],
            "listed": bool,
            "model": [Array((3, features))] * tasks,
            "others": [[Array(h.shape[1:])] * tasks for h in given["others"]],
            "by_features": Array((tasks, rows, features)),
            "losses": int,
        }

    def judge(self, given, returned):
        vectors, tasks = given["vectors"], len(given["vectors"])
        usual = _near_identity(tasks, 0.9)
        yield shown(
            returned["trained"] == [[tasks, tasks]],
            "One matrix is trained, with a row and a column for each task.",
        )
        yield shown(
            _close(returned["usual"], [usual]),
            "Unless another diagonal is given, the matrix starts with 0.9 on it, and the rest of "
            "each row is spread evenly over the other tasks.",
        )
        yield (
            _close(returned["usual_at_first"], _mixed(usual, vectors)),
            "At the start each task goes on with mostly its own features.",
        )
        yield shown(
            _close(returned["separate"], vectors),
            "With the identity, each task goes on with its own features.",
        )
        yield shown(
            _close(returned["vectors"], _mixed(given["mixing"], vectors)),
            "Each task goes on with the sum over tasks that its own row of the matrix gives.",
        )
        if given["others"]:
            yield from self._judge_use(given, returned)

    @staticmethod
    def _judge_use(given, returned):
        vectors, mixing = given["vectors"], given["mixing"]
        start = _near_identity(len(vectors), given["diagonal"])
        yield (
            returned["weights"] == [[len(vectors), len(vectors)]],
            "The matrix is the layer's only weight.",
        )
        yield (
            _close(returned["start"], [start])
            and _close(returned["at_first"], _mixed(start, vectors)),
            "The matrix starts with the given diagonal, and each row sums to 1.",
        )
        yield (
            all(
                _close(found, _mixed(mixing, h))
                for found, h in zip(returned["others"], given["others"])
            ),
            "Features of any shape are mixed by the same matrix at every place and in every "
            "channel.",
        )
        yield (
            _close(returned["model"], _mixed(mixing, vectors[:, :3]))
            and _close(returned["training"], _mixed(mixing, vectors)),
            "The layer works in a functional model, for batches of any size, in training too.",
        )
        yield returned["listed"], "The layer returns a list of one tensor for each task."
        steep = 2 * given["slopes"][:, None, None] * _mixed(mixing, vectors)
        by_matrix = np.einsum("ibf,jbf->ij", steep, vectors)
        yield (
            _close(returned["by_matrix"], [by_matrix])
            and _close(returned["by_features"], _mixed(mixing.T, steep)),
            "Gradients pass to the matrix and to the features of all tasks.",
        )
        yield (
            _close(returned["stepped"], [mixing - given["rate"] * by_matrix])
            and returned["losses"] == 0,
            "In training the matrix is free: no constraint and no penalty holds it.",
        )


class Uncertainty(Check):
    """Σ L / (2 eˢ) + s / 2, without the 2 for classification, with s that learns."""

    task = "uncertainty"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            return {
                "classifies": [False, True, False],
                "losses": np.array([2, 3, 8], "float32"),
                "s": np.array([1, -1, 0.5], "float32"),
                "low": np.array([-4, -6, -5], "float32"),
                "wide": None,
                "rate": 0.0,
            }
        kinds = np.arange(4) == rng.choice([0, 2, 3])
        return {**self._draw(rng, kinds, 2), "wide": None}

    def given(self, rng):
        kinds = np.append([True, True, False, False], rng.random(int(rng.integers(3))) < 0.5)
        return self._draw(rng, rng.permutation(kinds), 4)

    @staticmethod
    def _draw(rng, kinds, most):
        tasks = len(kinds)
        wide = np.append([40, -40], rng.uniform(-10, 10, size=tasks - 2))
        return {
            "classifies": [bool(kind) for kind in kinds],
            "losses": np.exp(rng.uniform(-most, 2, size=tasks)).astype("float32"),
            "s": rng.uniform(-most, most, size=tasks).astype("float32"),
            "low": rng.uniform(-9, -4, size=tasks).astype("float32"),
            "wide": rng.permutation(wide).astype("float32"),
            "rate": float(rng.uniform(20, 40)),
        }

    @staticmethod
    def run(student, classifies, losses, s, low, wide, rate):
        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops

        def evaluate(classifies, s, losses):
            layer = student.UncertaintyWeighting(classifies)
            weights = layer.trainable_weights
            start = [ops.convert_to_numpy(weight) for weight in weights]
            losses = tf.constant(losses)
            layer(losses)
            for weight in weights:
                if s is not None and tuple(weight.shape) == s.shape:
                    weight.assign(s)
            factors = layer.factors()
            with tf.GradientTape() as tape:
                tape.watch(losses)
                total = layer(losses)
            assert tf.is_tensor(total)
            *by_s, by_losses = tape.gradient(
                total, [*(x.value for x in weights), losses], unconnected_gradients="zero"
            )
            returned = {
                "shapes": [list(weight.shape) for weight in weights],
                "weights": len(layer.weights),
                "start": [x for x in start if x.shape == losses.shape],
                "total": ops.convert_to_numpy(total),
                "training": ops.convert_to_numpy(layer(losses, training=True)),
                "factors": ops.convert_to_numpy(factors),
                "tensor": bool(ops.is_tensor(factors)),
                "by_s": [ops.convert_to_numpy(x) for x in by_s if x.shape == losses.shape],
                "by_losses": ops.convert_to_numpy(by_losses),
                "losses": len(layer.losses),
            }
            if weights:
                keras.optimizers.SGD(rate).apply_gradients(zip(by_s, weights))
            s = [ops.convert_to_numpy(weight) for weight in weights]
            return {**returned, "stepped": [x for x in s if x.shape == losses.shape]}

        returned = {
            "start": evaluate(classifies, None, losses),
            "usual": evaluate(classifies, s, losses),
            "low": evaluate(classifies, low, losses * 0),
        }
        if wide is None:
            return returned
        return {
            **returned,
            "wide": evaluate(classifies, wide, losses * np.exp(wide)),
            "numbers": evaluate([False] * len(s), s, losses),
            "classes": evaluate([True] * len(s), s, losses),
            "alone": evaluate(classifies[:1], s[:1], losses[:1]),
        }

    @staticmethod
    def _cases(given):
        kinds, losses, s = given["classifies"], given["losses"], given["s"]
        wide = given["wide"]
        cases = {
            "start": (kinds, 0 * s, losses),
            "usual": (kinds, s, losses),
            "low": (kinds, given["low"], 0 * losses),
        }
        if wide is None:
            return cases
        return {
            **cases,
            "wide": (kinds, wide, losses * np.exp(wide)),
            "numbers": ([False] * len(s), s, losses),
            "classes": ([True] * len(s), s, losses),
            "alone": (kinds[:1], s[:1], losses[:1]),
        }

    def returns(self, given):
        def form(tasks):
            return {
                "shapes": [[int, ...], ...],
                **{name: [Array((tasks,)), ...] for name in ("start", "by_s", "stepped")},
                **{name: Array(()) for name in ("total", "training")},
                **{name: Array((tasks,)) for name in ("factors", "by_losses")},
                "weights": int,
                "tensor": bool,
                "losses": int,
            }

        return {name: form(len(case[0])) for name, case in self._cases(given).items()}

    def judge(self, given, returned):
        for name, (kinds, s, losses) in self._cases(given).items():
            yield from self._judge_case(name, kinds, np.float64(s), losses, returned[name])
            factors = np.where(kinds, 1, 0.5) * np.exp(-np.float64(s))
            yield (
                _close(returned[name]["stepped"], [s - given["rate"] * (0.5 - factors * losses)]),
                "Nothing bounds s: a step of an optimizer goes where the gradient leads.",
            )

    @staticmethod
    def _judge_case(name, kinds, s, losses, found):
        maybe_shown = shown if name in ("start", "usual") else lambda *pair: pair
        yield maybe_shown(
            found["shapes"] == [[len(s)]] and _close(found["start"], [0 * s]),
            "One weight is trained, with a number for each task; all start at 0.",
        )
        factors = np.where(kinds, 1, 0.5) * np.exp(-s)
        total = np.sum(factors * losses + s / 2)
        near = 1e-4 * np.sum(factors * losses + np.abs(s) / 2)
        yield (shown if name == "low" else maybe_shown)(
            abs(found["total"] - total) <= near, TOTALS[name]
        )
        yield maybe_shown(
            np.allclose(found["factors"], factors, rtol=1e-3, atol=0),
            "The factors are what each loss is multiplied by, above zero whatever s is.",
        )
        yield maybe_shown(
            _close(found["by_s"], [0.5 - factors * losses]),
            "Gradients pass to the weight by both terms, so that it settles where the loss says.",
        )
        yield maybe_shown(
            np.allclose(found["by_losses"], factors, rtol=1e-3, atol=0),
            "Gradients pass to the losses.",
        )
        yield (
            abs(found["training"] - total) <= near and found["losses"] == 0,
            "The sum is the same in training and when called again, and the layer adds no loss to "
            "it.",
        )
        yield found["tensor"], "The factors are a tensor."
        yield found["weights"] == 1, "s is the layer's only weight."


class DynamicWeights(Check):
    """N softmax(r / T), with r of the means of the last two epochs."""

    task = "dynamic_weights"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            return {
                "epochs": [
                    np.array([[8.0, 1.0, 6.0], [8.0, 3.0, 10.0]]),
                    np.array([[6.0, 2.0, 8.0], [2.0, 4.0, 4.0], [4.0, 0.0, 0.0]]),
                    np.array([[1.0, 1.0, 5.0], [1.0, 3.0, 3.0]]),
                ],
                "tasks": 3,
                "temperature": 0.25,
                "leap": [np.array([[1.0, 2.0]]), np.array([[9.0, 2.0]])],
                "small": 0.01,
                "units": None,
            }
        tasks = 4
        before = rng.uniform(0.5, 3, size=(1, tasks))
        ratios = rng.permutation(np.append(rng.uniform(7.2, 8.5), rng.uniform(0.5, 2, tasks - 1)))
        return {
            "epochs": [self._symmetric(rng, rows, tasks) for rows in (3, 2, 3)],
            "tasks": tasks,
            "temperature": float(rng.uniform(0.2, 0.4)),
            "leap": [before, ratios * before],
            "small": 0.01,
            "units": None,
        }

    @staticmethod
    def _symmetric(rng, rows, tasks):
        """Draws losses whose median is their mean, as it is in the visible tests."""
        mean, spread = rng.uniform(1, 3, size=tasks), rng.uniform(0.2, 0.9, size=tasks)
        return mean + spread * rng.permutation(np.linspace(-1, 1, rows))[:, None]

    def given(self, rng):
        tasks = int(rng.integers(3, 6))
        units = 10.0 ** rng.integers(-3, 4, size=tasks)
        batches = rng.permutation([1, 3, 4, 6, 9, 13])
        epochs = [rng.uniform(0.2, 3, size=(int(rows), tasks)) for rows in batches]
        leaps = rng.permutation(np.append(1000.0, np.full(tasks - 1, 900.0)))
        return {
            "epochs": [units * losses for losses in epochs],
            "tasks": tasks,
            "temperature": float(rng.uniform(0.2, 1.2)),
            "leap": [np.ones((2, tasks)), leaps[None]],
            "small": 0.02,
            "units": 10.0 ** np.append(-20, rng.uniform(-3, 12, size=tasks - 1)),
        }

    @staticmethod
    def run(student, epochs, tasks, temperature, leap, small, units):
        import numpy as np

        def weights(epochs, tasks=tasks, **options):
            return np.asarray(student.dynamic_weights(epochs, tasks, **options))

        returned = {
            "none": weights([]),
            "one": weights(epochs[:1], temperature=temperature),
            "two": weights(epochs[:2]),
            "three": weights(epochs[:3]),
            "all": weights(epochs),
            "sharp": weights(epochs, temperature=temperature),
            "leap": weights(leap, len(leap[0][0]), temperature=small),
        }
        if units is not None:
            returned["flat"] = weights(epochs, temperature=50)
            returned["units"] = weights([losses * units for losses in epochs])
            returned["backwards"] = weights(epochs[::-1])
            returned["alone"] = weights([losses[:, :1] for losses in epochs], 1)
        return {**returned, "kept": list(epochs)}

    def returns(self, given):
        weights = Array((given["tasks"],))
        form = {
            **{name: weights for name in ("none", "one", "two", "three", "all", "sharp")},
            "leap": Array(given["leap"][0].shape[1:]),
            "kept": [Array((None, given["tasks"])), ...],
        }
        if given["units"] is None:
            return form
        return {
            **form,
            **{name: weights for name in ("flat", "units", "backwards")},
            "alone": Array((1,)),
        }

    def judge(self, given, returned):
        epochs, tasks = given["epochs"], given["tasks"]
        ones = np.ones(tasks)
        yield shown(
            _close(returned["none"], ones) and _close(returned["one"], ones),
            "Before two epochs are over, all weights are 1.",
        )
        yield shown(
            all(abs(np.sum(returned[name]) - tasks) < 1e-3 for name in ("two", "all", "sharp")),
            "The weights sum to the number of tasks.",
        )
        yield shown(
            _close(returned["two"], _paced(epochs[:2], 2)),
            "From the third epoch on, the weights follow from the means of two epochs.",
        )
        yield shown(
            _close(returned["three"], _paced(epochs[:3], 2))
            and _close(returned["all"], _paced(epochs, 2)),
            "After more epochs, the last two decide, however many batches each of them had.",
        )
        yield shown(
            _close(returned["sharp"], _paced(epochs, given["temperature"])),
            "The temperature divides the ratios.",
        )
        yield shown(
            _close(returned["leap"], _paced(given["leap"], given["small"])),
            "The weights are numbers even where a loss leaps and the temperature is small.",
        )
        yield shown(
            len(returned["kept"]) == len(epochs)
            and all(map(np.array_equal, returned["kept"], epochs)),
            "The given losses stay as they are.",
        )
        if given["units"] is not None:
            yield from self._judge_more(epochs, returned)

    @staticmethod
    def _judge_more(epochs, returned):
        yield (
            np.allclose(returned["flat"], _paced(epochs, 50), rtol=1e-5, atol=1e-5),
            "The higher the temperature, the more equal are the weights.",
        )
        yield (
            np.allclose(returned["units"], _paced(epochs, 2), rtol=1e-5, atol=1e-5),
            "The units of the losses make no difference.",
        )
        yield (
            np.allclose(returned["all"], _paced(epochs, 2), rtol=1e-5, atol=1e-5)
            and np.allclose(returned["backwards"], _paced(epochs[::-1], 2), rtol=1e-5, atol=1e-5),
            "The weights are those of the given epochs, and are not rounded.",
        )
        yield _close(returned["alone"], [1.0]), "A single task has the weight 1."


class SignDropout(Check):
    """One sign an entry, drawn with the chance that makes the sum the expectation."""

    task = "sign_dropout"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            kinds = [[1, -1, 3, 0, 4e-9], [2, -2, -1, 0, -1e-9], [0, -3, -1, 0, 0]]
            return {"kinds": np.array(kinds, float), "draws": 3000, "seed": 1, "more": None}
        tasks = int(rng.integers(3, 5))
        kinds = [
            *(sign * np.abs(rng.normal(size=tasks)) for sign in (1, -1)),
            _one_against_all(rng, tasks),
            np.zeros(tasks),
            1e-9 * _one_against_all(rng, tasks),
        ]
        kinds = np.stack(kinds, axis=1)[:, rng.permutation(len(kinds))]
        return {
            "kinds": kinds,
            "draws": int(rng.integers(2500, 3500)),
            "seed": int(rng.integers(2**31)),
            "more": None,
        }

    def given(self, rng):
        tasks = int(rng.integers(3, 6))
        one, other = (_one_against_all(rng, tasks) for _ in range(2))
        cancelling = np.zeros(tasks)
        cancelling[:3] = rng.permutation([2.0, -1.0, -1.0]) * rng.choice([-4.0, 4.0])
        kinds = [
            *(sign * np.abs(rng.normal(size=tasks)) for sign in (1, -1)),
            one,
            -other,
            1e-30 * one,
            -1e-9 * one,
            1e5 * other,
            cancelling,
            np.zeros(tasks),
        ]
        kinds = np.stack(kinds, axis=1)[:, rng.permutation(len(kinds))]
        more = {
            "one": _one_against_all(rng, tasks),
            "axes": [int(size) for size in rng.permutation([12, 16, 20])],
            "others": [
                rng.normal(size=(tasks, 2, 3, 4, 2)).astype("float32"),
                rng.normal(size=(2, 9)),
                rng.normal(size=(tasks + 1,)),
            ],
        }
        return {"kinds": kinds, "draws": 2500, "seed": int(rng.integers(2**31)), "more": more}

    @staticmethod
    def run(student, kinds, draws, seed, more):
        import random

        import numpy as np

        def drop(gradients, rng):
            return np.asarray(student.sign_dropout(gradients, rng))

        def chance():
            return repr((np.random.get_state()[1:3], random.getstate()))

        before = chance()
        gradients = np.repeat(kinds[..., None], draws, axis=2)
        few = gradients[..., :50].copy()
        rng, same = (np.random.default_rng(seed) for _ in range(2))
        returned = {
            "first": drop(few, rng),
            "second": drop(few, rng),
            "again": drop(few, same),
            "then": drop(few, same),
            "many": drop(gradients, rng),
        }
        if more is not None:
            one, others = more["one"], more["others"]
            louder = 1.0 + np.arange(more["axes"][0])
            cube = np.multiply.outer(one, louder[:, None, None] * np.ones(more["axes"]))
            rolled = np.stack([np.roll(kinds, -k, axis=1) for k in range(kinds.shape[1])], axis=1)
            returned["alone"] = drop(few[:1], rng)
            returned["across"] = drop(np.repeat(rolled[:, :, None], 300, axis=2), rng)
            returned["axes"] = drop(cube, rng)
            returned["others"] = [drop(other, rng) for other in others]
            returned["others_kept"] = others
        kept = [few, gradients[..., -1].copy()]
        return {**returned, "kept": kept, "untouched": chance() == before}

    def returns(self, given):
        tasks, kinds = given["kinds"].shape
        draws, more = given["draws"], given["more"]
        form = {
            **{name: Array((kinds, 50)) for name in ("first", "second", "again", "then")},
            "many": Array((kinds, draws)),
            "kept": [Array((tasks, kinds, 50)), Array((tasks, kinds))],
            "untouched": bool,
        }
        if more is None:
            return form
        return {
            **form,
            "alone": Array((kinds, 50)),
            "across": Array((kinds, 300, kinds)),
            "axes": Array(tuple(more["axes"])),
            "others": [Array(other.shape[1:]) for other in more["others"]],
            "others_kept": [Array(other.shape) for other in more["others"]],
        }

    def judge(self, given, returned):
        kinds, many = given["kinds"], returned["many"]
        total, size = kinds.sum(axis=0), np.abs(kinds).sum(axis=0)
        few, kept = ("first", "second", "again", "then"), returned["kept"]
        yield shown(
            np.array_equal(kept[0], np.repeat(kinds[..., None], 50, axis=2))
            and np.array_equal(kept[1], kinds),
            "The given gradients stay as they are.",
        )
        yield shown(
            all(_of_one_sign(kinds[..., None], returned[name]) for name in (*few, "many")),
            "Each entry is the sum of all positive parts, or of all negative ones, as they are.",
        )
        yield shown(np.all(many[size == 0] == 0), "Where all gradients are 0, so is the result.")
        agreed = np.abs(total) == size
        yield shown(
            np.allclose(many[agreed], total[agreed, None], rtol=1e-4, atol=0),
            "Where no signs differ, all is kept.",
        )
        yield shown(
            _as_often(kinds, many),
            "The sign is + as often as the formula says, whatever the size of the gradients.",
        )
        yield shown(
            np.array_equal(returned["first"], returned["again"])
            and not np.array_equal(returned["first"], returned["second"]),
            "The generator decides what is drawn, and each call draws anew.",
        )
        yield (
            np.array_equal(returned["second"], returned["then"]) and returned["untouched"],
            "The generator is the only source of chance, and each call draws from it.",
        )
        if given["more"] is not None:
            yield from self._judge_more(kinds, given["more"], returned)

    @staticmethod
    def _judge_more(kinds, more, returned):
        one, louder = more["one"], 1.0 + np.arange(more["axes"][0])[:, None, None]
        yield (
            all(map(np.array_equal, returned["others_kept"], more["others"])),
            "The given gradients stay as they are.",
        )
        yield (
            np.allclose(returned["alone"], kinds[0][:, None], rtol=1e-4, atol=0),
            "Of a single task, all is kept.",
        )
        yield (
            all(map(_of_one_sign, more["others"], returned["others"]))
            and _of_one_sign(np.multiply.outer(one, louder), returned["axes"]),
            "Gradients may have any number of axes, tasks along the first of them.",
        )
        # Each kind of entry is in every place of the first and of the last axis.
        count = len(kinds[0])
        across = np.stack([np.roll(x, k, axis=-1) for k, x in enumerate(returned["across"])])
        across = np.moveaxis(across, -1, 0).reshape(count, -1)
        agreed = np.abs(kinds.sum(axis=0)) == np.abs(kinds).sum(axis=0)
        yield (
            _of_one_sign(kinds[..., None], across)
            and np.allclose(across[agreed], kinds.sum(axis=0)[agreed, None], rtol=1e-4, atol=0)
            and _as_often(kinds, across),
            "The sign is + as often as the formula says, in each entry by its own gradients.",
        )
        # Neighbours along each axis agree no more often than chance has it.
        positive = returned["axes"] > 0
        purity = (1 + one.sum() / np.abs(one).sum()) / 2
        by_chance = purity**2 + (1 - purity) ** 2
        yield (
            all(
                abs(np.mean(np.diff(positive, axis=axis) == 0) - by_chance) < 0.07
                for axis in range(positive.ndim)
            ),
            "Each entry has a draw of its own.",
        )


class RelativeGain(Check):
    """Gains over single-task measures, in the direction of each, paired by seed."""

    task = "relative_gain"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            return {
                "several": {
                    "depth": np.array([0.4, 0.6, 0.5]),
                    "classes": np.array([0.66, 0.45, 0.6]),
                },
                "single": {
                    "depth": np.array([0.5, 0.5, 0.4]),
                    "classes": np.array([0.6, 0.5, 0.6]),
                },
                "lower": {"depth": True, "classes": False},
                "fit": {"several": np.array([-1.0]), "single": np.array([-2.0])},
                "gains": np.array([0.15, -0.15, -0.03, 0.07]),
                "alone": False,
            }
        seeds, tasks = int(rng.integers(3, 6)), ["pose", "edges"]
        return {
            "several": {task: rng.uniform(0.2, 1, size=seeds) for task in tasks},
            "single": {task: rng.uniform(0.2, 1, size=seeds) for task in tasks},
            "lower": dict(zip(tasks, [True, False] if rng.random() < 0.5 else [False, True])),
            "fit": {name: -rng.uniform(1, 9, size=2) for name in ("several", "single")},
            "gains": rng.normal(size=int(rng.integers(4, 8))),
            "alone": False,
        }

    def given(self, rng):
        tasks = [f"task_{number}" for number in rng.permutation(5)[: int(rng.integers(3, 6))]]
        seeds = int(rng.integers(4, 8))

        def draw(loudness):
            return {task: loud * rng.uniform(0.5, 2, size=seeds) for task, loud in loudness.items()}

        signs = rng.permutation([1.0, -1.0, 1.0, 1.0, -1.0])
        loudness = {task: sign * 10.0 ** rng.integers(-2, 3) for task, sign in zip(tasks, signs)}
        lower = dict(zip(tasks, [True, False, *(bool(low) for low in rng.random(3) < 0.5)]))
        single = draw(dict(reversed(loudness.items())))
        single[tasks[0]] *= rng.permutation(np.where(np.arange(seeds) % 2 == 0, 1, -1))
        # The order of names differs so that directions by place are others than those by name.
        return {
            "several": draw(loudness),
            "single": single,
            "lower": {task: lower[task] for task in (*tasks[1:], tasks[0])},
            "fit": {name: -rng.uniform(1, 9, size=2) for name in ("several", "single")},
            "gains": rng.normal(size=int(rng.integers(5, 12))),
            "alone": True,
        }

    @staticmethod
    def run(student, several, single, lower, fit, gains, alone):
        import numpy as np

        def names_differ(*measures):
            try:
                student.relative_gains(*measures)
            except ValueError:
                return True
            except Exception:
                return False
            return False

        def gain(*measures):
            return np.asarray(student.relative_gains(*measures))

        def summary(gains):
            return [float(value) for value in student.mean_and_error(gains)]

        def without(dictionary, place):
            left = list(dictionary)
            del left[place]
            return {task: dictionary[task] for task in left}

        measures = (several, single, lower)
        returned = {
            "gains": gain(*measures),
            "turned": gain(several, dict(reversed(single.items())), lower),
            "fit": gain({"fit": fit["several"]}, {"fit": fit["single"]}, {"fit": False}),
            "alone": [
                gain(*({task: each[task]} for each in measures)) for task in several if alone
            ],
            "single_lacks": names_differ(several, without(single, -1), lower),
            "raises": [],
            "summary": summary(list(gains)),
            "summaries": [summary(x) for x in (gains, -gains, gains / 1000, gains[:2]) if alone],
        }
        for place, whole in enumerate(measures):
            other = next(iter(whole.values()))
            for turned in (
                without(whole, 0),
                {**whole, "other": other},
                {**without(whole, -1), "other": other},
            ):
                changed = list(measures)
                changed[place] = turned
                returned["raises"].append(names_differ(*changed))
        return {**returned, "kept": list(measures)}

    def returns(self, given):
        seeds = len(next(iter(given["single"].values())))
        gains, measures = Array((seeds,)), {str: Array((seeds,))}
        return {
            "gains": gains,
            "turned": gains,
            "fit": Array(given["fit"]["single"].shape),
            "alone": [gains] * len(given["several"]) if given["alone"] else [],
            "single_lacks": bool,
            "raises": [bool] * 9,
            "summary": [float, float],
            "summaries": [[float, float]] * 4 if given["alone"] else [],
            "kept": [measures, measures, {str: bool}],
        }

    def judge(self, given, returned):
        several, single, lower, fit = (given[x] for x in ("several", "single", "lower", "fit"))
        each = [_gain(several[task], single[task], lower[task]) for task in several]
        mean = np.mean(each, axis=0)
        yield shown(
            _close(returned["gains"], mean),
            "Each seed's gain is the mean over tasks of gains relative to the single-task measure "
            "of that seed, in the direction of each measure.",
        )
        yield shown(
            _close(returned["turned"], mean),
            "Tasks are matched by name, whatever their order in a dictionary.",
        )
        yield shown(
            _close(returned["fit"], _gain(fit["several"], fit["single"], False)),
            "A gain is relative to the size of the single-task measure, which may be negative.",
        )
        yield shown(
            returned["single_lacks"],
            "It is a ValueError if the single-task measures lack a task.",
        )
        gains = given["gains"]
        yield shown(
            np.allclose(returned["summary"], _mean_and_error(gains), rtol=1e-3, atol=1e-3),
            "Gains are summarised by their mean and the standard error of it.",
        )
        yield (
            all(returned["raises"]),
            "It is a ValueError if any of the three dictionaries names other tasks.",
        )
        yield (
            all(map(_same_measures, returned["kept"], (several, single, lower))),
            "The given dictionaries and measures stay as they are.",
        )
        if given["alone"]:
            yield (
                np.allclose(returned["alone"], each, rtol=1e-5, atol=1e-5)
                and np.allclose(returned["gains"], mean, rtol=1e-5, atol=1e-5),
                "Gains are not rounded, and of a single task they are that task's.",
            )
            of = (gains, -gains, gains / 1000, gains[:2])
            yield (
                all(
                    np.allclose(found, _mean_and_error(x), rtol=1e-4, atol=1e-6 * np.abs(x).max())
                    for found, x in zip(returned["summaries"], of)
                ),
                "Mean and standard error are right for gains of any size, and are not rounded.",
            )


def _free_matrix(rng, tasks):
    """Draws a matrix that has numbers of both signs, some far from 0, in every row."""
    signs = [rng.permutation(np.where(np.arange(tasks) % 2 == 0, 1, -1)) for _ in range(tasks)]
    return np.stack(signs) * rng.uniform(0.5, 3, size=(tasks, tasks))


def _near_identity(tasks, diagonal):
    rest = (1 - diagonal) / (tasks - 1)
    return rest + (diagonal - rest) * np.eye(tasks)


def _mixed(mixing, features):
    return np.einsum("ij,j...->i...", mixing, features)


def _paced(epochs, temperature):
    ratio = epochs[-1].mean(axis=0) / epochs[-2].mean(axis=0)
    power = np.exp((ratio - ratio.max()) / temperature)
    return len(ratio) * power / power.sum()


def _one_against_all(rng, tasks):
    """Draws gradients of which a single one outweighs all others, which have the other sign."""
    share = rng.uniform(0.65, 0.85)
    others = rng.uniform(0.5, 1, size=tasks - 1)
    gradients = np.append(share, (share - 1) * others / others.sum())
    return rng.permutation(gradients) * rng.choice([-3.0, 3.0])


def _of_one_sign(gradients, found):
    """Whether each entry is the sum of the positive gradients, or of the negative ones."""
    positive, negative = (
        np.sum(np.where(sign * gradients > 0, gradients, 0), axis=0) for sign in (1, -1)
    )
    near = 1e-4 * np.abs(gradients).sum(axis=0)
    return bool(np.all((np.abs(found - positive) <= near) | (np.abs(found - negative) <= near)))


def _as_often(kinds, found):
    """Whether signs are + as often as they should be, a row of draws for each kind of entry."""
    total, size = kinds.sum(axis=0), np.abs(kinds).sum(axis=0)
    differ = np.abs(total) < size
    purity = (1 + total[differ] / size[differ]) / 2
    return bool(np.all(np.abs((found[differ] > 0).mean(axis=1) - purity) < 0.06))


def _gain(several, single, lower):
    return (several - single) / np.abs(single) * (-1 if lower else 1)


def _mean_and_error(gains):
    deviation = np.sqrt(np.sum((gains - gains.mean()) ** 2) / (len(gains) - 1))
    return [gains.mean(), deviation / np.sqrt(len(gains))]


def _same_measures(these, those):
    return set(these) == set(those) and all(np.array_equal(these[x], those[x]) for x in those)


def _close(found, expected):
    return np.shape(found) == np.shape(expected) and np.allclose(
        found, expected, rtol=1e-3, atol=1e-4
    )
