"""Hidden checks of the lab `fusion`."""

import numpy as np

from course_lib.classroom.checks import Check


class EarlyFusion(Check):
    """Each modality has principal components of its own, learned from the training rows."""

    task = "early_fusion"

    def given(self, rng):
        rows = int(rng.integers(40, 51))
        sizes = rng.permutation([70, 15, 9])
        loudness = rng.permutation([0.02, 1.0, 300.0])
        places = [loud * rng.normal(scale=3, size=size) for size, loud in zip(sizes, loudness)]

        def draw(rows, place, loud):
            """Rows around a place, of another spread in each of many directions."""
            size = place.size
            directions = np.linalg.qr(rng.normal(size=(size, size)))[0]
            spread = loud * 0.6 ** np.minimum(np.arange(size), 8)
            return place + (spread * rng.normal(size=(rows, size))) @ directions

        return {
            "train": [draw(rows, place, loud) for place, loud in zip(places, loudness)],
            "test": [draw(23, place + 2 * loud, loud) for place, loud in zip(places, loudness)],
            "components": [int(number) for number in rng.permutation([2, 3, 5])],
            "shapes": [[int(n) for n in rng.integers(3, 40, size=axes)] for axes in (1, 2, 3)],
            "units": int(rng.integers(20, 300)),
        }

    @staticmethod
    def run(student, train, test, components, shapes, units):
        import numpy as np

        fused_train, fused_test = student.early_fusion(train, test, components)
        shapes = [tuple(shape) for shape in shapes]
        return {
            "train": np.asarray(fused_train),
            "test": np.asarray(fused_test),
            "kept": [*train, *test],
            "full": int(student.dense_parameters(shapes, units)),
            "reduced": int(student.dense_parameters(shapes, units, components)),
        }

    def judge(self, given, returned):
        ends = np.cumsum(given["components"])
        yield (
            returned["train"].shape == (len(given["train"][0]), ends[-1])
            and returned["test"].shape == (len(given["test"][0]), ends[-1]),
            "Both results have a column for each component of each modality.",
        )
        yield (
            all(map(np.array_equal, returned["kept"], [*given["train"], *given["test"]])),
            "The given arrays stay as they are.",
        )
        blocks = zip(given["train"], given["test"], ends - given["components"], ends)
        for rows, new, start, end in blocks:
            train, test = returned["train"][:, start:end], returned["test"][:, start:end]
            deviations = train.std(axis=0)
            yield (
                np.allclose(deviations, 1, atol=0.02),
                "Over the training rows every component has a variance of 1.",
            )
            expected, expected_test = _components(rows, new, end - start)
            signs = np.sign(np.sum(train * expected, axis=0)) / np.maximum(deviations, 1e-9)
            yield (
                _close(signs * train, expected),
                "Training rows are on the principal components of each modality alone, in order.",
            )
            yield (
                _close(signs * test, expected_test),
                "Test rows are treated as training rows are, by what was learned from those.",
            )
        features = sum(int(np.prod(shape)) for shape in given["shapes"])
        yield (
            returned["full"] == (features + 1) * given["units"],
            "Without reduction, the layer has a weight for each feature and unit, and biases.",
        )
        yield (
            returned["reduced"] == (ends[-1] + 1) * given["units"],
            "With reduction, the layer has a weight for each component and unit, and biases.",
        )


class LateFusion(Check):
    """Own branches meet before the head, which sees the features of all of them."""

    task = "late_fusion"

    def given(self, rng):
        shapes = [[[2, 3], [7], [2, 2, 2]][place] for place in rng.permutation(3)]
        return {
            "shapes": shapes,
            "alike": [[2, 3], [4], [2, 3], [2, 3]],
            "units": int(rng.integers(3, 6)),
            "hidden": int(rng.integers(9, 13)),
            "classes": int(rng.integers(3, 6)),
            "x": [rng.normal(size=(12, *shape)).astype("float32") for shape in shapes],
            "values": rng.normal(size=1000).astype("float32"),
        }

    @staticmethod
    def run(student, shapes, alike, units, hidden, classes, x, values):
        import numpy as np
        from keras import ops

        shapes, alike = ([tuple(shape) for shape in kind] for kind in (shapes, alike))
        model = student.late_fusion(shapes, units, hidden, classes)
        for weight in model.weights:
            size = int(np.prod(weight.shape))
            weight.assign(values[:size].reshape(weight.shape))
            values = np.roll(values, -size)
        first, second, third = x

        def logits(first, second):
            return ops.convert_to_numpy(model([first, second, third]))

        return {
            "inputs": [list(tensor.shape) for tensor in model.inputs],
            "weights": model.get_weights(),
            "logits": logits(first, second),
            "other_first": logits(first[::-1], second),
            "other_second": logits(first, second[::-1]),
            "others": logits(first[::-1], second[::-1]),
            "alike": int(student.late_fusion(alike, units, hidden, classes).count_params()),
        }

    def judge(self, given, returned):
        yield (
            returned["inputs"] == [[None, *shape] for shape in given["shapes"]],
            "The model has an input for each modality, in their order.",
        )
        kernels, _ = self._sizes(given, given["shapes"])
        found = returned["weights"]
        pairs = {kernel.shape: (kernel, bias) for kernel, bias in zip(found[::2], found[1::2])}
        as_drawn = len(found) == 2 * len(kernels) and set(pairs) == set(kernels)
        yield (
            as_drawn,
            "There are a dense layer for each modality, the head's hidden layer, which gets the "
            "features of all of them, and its last one, and no other weights.",
        )
        if as_drawn:
            *branches, hidden, last = (pairs[kernel] for kernel in kernels)
            features = [
                _relu(_dense(x.reshape(len(x), -1), branch))
                for x, branch in zip(given["x"], branches)
            ]
            h = _relu(_dense(np.hstack(features), hidden))
            yield (
                _close(returned["logits"], _dense(h, last)),
                "Branches and the hidden layer end with ReLU, features stand side by side in the "
                "order of the modalities, and logits come out.",
            )
        interplay = (
            returned["logits"]
            - returned["other_first"]
            - returned["other_second"]
            + returned["others"]
        )
        yield (
            np.abs(interplay).max() > 1e-3,
            "What a change of one modality does depends on the other modalities.",
        )
        yield (
            returned["alike"] == self._sizes(given, given["alike"])[1],
            "Each modality has a branch of its own, also where shapes are the same.",
        )

    @staticmethod
    def _sizes(given, shapes):
        """Shapes of all kernels, and the number of parameters."""
        units, hidden, classes = given["units"], given["hidden"], given["classes"]
        kernels = [(int(np.prod(shape)), units) for shape in shapes]
        kernels += [(len(shapes) * units, hidden), (hidden, classes)]
        return kernels, sum((inputs + 1) * outputs for inputs, outputs in kernels)


class DecisionFusion(Check):
    """Mean and product of probabilities, whatever their number, zeros included."""

    task = "decision_fusion"

    def given(self, rng):
        classifiers, rows, classes = (int(rng.integers(*span)) for span in ((3, 6), (5, 9), (3, 6)))
        usual = rng.dirichlet(np.ones(classes), size=(classifiers, rows))
        zeros = np.where(rng.random(usual.shape) < 0.3, 0, usual)
        zeros[:, 0] = 0
        zeros[np.arange(classifiers), 0, np.arange(classifiers) % classes] = 1
        zeros[:, 1:, 0] = usual[:, 1:, 0]
        zeros /= zeros.sum(axis=-1, keepdims=True)
        return {
            "usual": usual,
            "zeros": zeros,
            "many": rng.dirichlet(np.full(classes, 50.0), size=(1500, 4)),
            "weights": rng.uniform(0.1, 5, size=classifiers),
            "floor": float(10 ** rng.uniform(-4, -2)),
        }

    @staticmethod
    def run(student, usual, zeros, many, weights, floor):
        import numpy as np

        some = np.where(np.arange(len(weights)) == 1, 0, weights)
        return {
            "mean": np.asarray(student.mean_rule(usual)),
            "weighted": np.asarray(student.mean_rule(usual, weights)),
            "some": np.asarray(student.mean_rule(zeros, some)),
            "product": np.asarray(student.product_rule(usual)),
            "single": np.asarray(student.product_rule(usual[:1])),
            "vetoes": np.asarray(student.product_rule(zeros)),
            "floor": np.asarray(student.product_rule(zeros, floor=floor)),
            "many": np.asarray(student.product_rule(many)),
            "kept": [usual, zeros, many, weights],
        }

    def judge(self, given, returned):
        usual, zeros, weights = given["usual"], given["zeros"], given["weights"]
        yield (
            _close(returned["mean"], usual.mean(axis=0)),
            "Without weights, the mean rule is the mean over classifiers.",
        )
        some = np.where(np.arange(len(weights)) == 1, 0, weights)
        yield (
            _close(returned["weighted"], _mean(usual, weights))
            and _close(returned["some"], _mean(zeros, some)),
            "With weights, each classifier counts in proportion to its own, and rows sum to 1.",
        )
        yield (
            _close(returned["product"], _product(usual, 1e-12)),
            "The product rule is the product over classifiers, divided by its sum over classes.",
        )
        yield (
            _close(returned["single"], usual[0]),
            "The product of a single classifier is that classifier.",
        )
        yield (
            _close(returned["vetoes"], _product(zeros, 1e-12))
            and _close(returned["floor"], _product(zeros, given["floor"])),
            "Probabilities below the floor count as the floor, and all others as they are.",
        )
        yield (
            _close(returned["many"], _product(given["many"], 1e-12)),
            "The product is right for very many classifiers, too.",
        )
        before = [usual, zeros, given["many"], weights]
        yield (
            all(map(np.array_equal, returned["kept"], before)),
            "The given arrays stay as they are.",
        )


class MultiplicativeLoss(Check):
    """−Σᵢ [Π_{j≠i}(1 − pⱼ)]^β log pᵢ, with constant weights, whatever the size of the logits."""

    task = "multiplicative_loss"

    def given(self, rng):
        rows, modalities, classes = int(rng.integers(5, 9)), 3, int(rng.integers(3, 6))
        labels = rng.integers(classes, size=rows).astype("int32")
        usual = rng.normal(scale=2, size=(rows, modalities, classes)).astype("float32")
        correct = np.eye(classes, dtype="float32")[labels]
        other = np.roll(correct, 1, axis=1)
        sure, opposed = usual.copy(), usual.copy()
        sure[:, 0] += rng.uniform(25, 60, size=(rows, 1)).astype("float32") * correct
        opposed[:, 1] += 300 * correct
        opposed[:, 2] += 300 * other
        return {
            "labels": labels,
            "usual": usual,
            "sure": sure,
            "opposed": opposed,
            "beta": float(rng.uniform(0.3, 2)),
            "small": float(rng.uniform(0.02, 0.06)),
            "weights": rng.uniform(0.5, 2, size=rows).astype("float32"),
        }

    @staticmethod
    def run(student, labels, usual, sure, opposed, beta, small, weights):
        import tensorflow as tf

        def evaluate(logits, beta):
            logits = tf.constant(logits)
            with tf.GradientTape() as tape:
                tape.watch(logits)
                values = student.multiplicative_loss(tf.constant(labels), logits, beta)
            gradient = tape.gradient(
                values, logits, tf.constant(weights), unconnected_gradients="zero"
            )
            return [values.numpy(), gradient.numpy()]

        return {
            "usual": evaluate(usual, beta),
            "sum": evaluate(usual, 0.0),
            "sure": evaluate(sure, small),
            "opposed": evaluate(opposed, beta),
        }

    def judge(self, given, returned):
        cases = {
            "usual": (
                "usual",
                given["beta"],
                "Each row's loss adds −log p of all modalities, each weighted by the product of "
                "1 − p of all others, to the power β.",
            ),
            "sum": ("usual", 0.0, "With β = 0 the loss is the sum of the cross entropies."),
            "sure": (
                "sure",
                given["small"],
                "Where a modality is sure, the weights of the others are what the formula says.",
            ),
            "opposed": (
                "opposed",
                given["beta"],
                "The loss is a number even where one modality is surely right and another surely "
                "wrong.",
            ),
        }
        for name, (logits, beta, sentence) in cases.items():
            loss, gradient = self._loss(given["labels"], given[logits], beta)
            values, slope = returned[name]
            yield _close(values, loss), sentence
            yield (
                _close(slope, given["weights"][:, None, None] * gradient),
                "The gradient of a row's loss with respect to the logits of a modality is the "
                "modality's weight times the gradient of its cross entropy.",
            )

    @staticmethod
    def _loss(labels, logits, beta):
        """Closed form, and its gradient for constant weights."""
        correct = np.eye(logits.shape[-1], dtype=bool)[labels][:, None]
        logits = logits.astype("float64")
        total = _logsumexp(logits)
        right = _logsumexp(np.where(correct, logits, -np.inf)) - total
        wrong = _logsumexp(np.where(correct, -np.inf, logits)) - total
        weights = np.exp(beta * (wrong.sum(axis=1, keepdims=True) - wrong))
        slope = np.exp(logits - total[..., None]) - correct
        return -np.sum(weights * right, axis=1), weights[..., None] * slope


class ModalityDropout(Check):
    """Whole modalities of single rows, never all, in training alone, anew at every step."""

    task = "modality_dropout"

    def given(self, rng):
        rows, shapes = 4000, ((2,), (1, 3), (2, 1, 2))
        return {
            "modalities": [
                rng.uniform(0.5, 2, size=(rows, *shape)).astype("float32") for shape in shapes
            ],
            "low": float(rng.uniform(0.25, 0.4)),
            "high": float(rng.uniform(0.7, 0.8)),
            "seed": int(rng.integers(2**31)),
        }

    @staticmethod
    def run(student, modalities, low, high, seed):
        import keras
        import tensorflow as tf
        from keras import ops

        def drop(layer, **options):
            return [ops.convert_to_numpy(x) for x in layer(modalities, **options)]

        layer = student.ModalityDropout(low, seed=seed)
        returned = {
            "low": drop(layer, training=True),
            "next": drop(layer, training=True),
            "again": drop(student.ModalityDropout(low, seed=seed), training=True),
            "high": drop(student.ModalityDropout(high, seed=seed), training=True),
            "none": drop(student.ModalityDropout(0.0, seed=seed), training=True),
            "inference": drop(layer, training=False),
            "plainly": drop(layer),
        }
        inputs = [keras.Input(x.shape[1:]) for x in modalities]
        model = keras.Model(inputs, student.ModalityDropout(low, seed=seed)(inputs))
        step = tf.function(
            lambda *rows: model(list(rows), training=True),
            input_signature=[tf.TensorSpec((None, *x.shape[1:])) for x in modalities],
            autograph=False,
        )
        for name in ("traced", "traced_next"):
            returned[name] = [ops.convert_to_numpy(x) for x in step(*modalities)]
        return returned

    def judge(self, given, returned):
        before = given["modalities"]
        yield (
            all(
                [x.shape for x in outputs] == [x.shape for x in before]
                for outputs in returned.values()
            ),
            "As many modalities come out as go in, of the same shapes.",
        )
        in_training = ("low", "next", "high", "traced", "traced_next")
        yield (
            all(_is_whole(before, returned[name]) for name in in_training),
            "In training each modality of each row is as it was, or all of it is 0.",
        )
        present = {name: _present(returned[name]) for name in in_training}
        yield (
            all(np.all(np.any(kept, axis=1)) for kept in present.values()),
            "No row loses all of its modalities.",
        )
        for name in ("low", "high", "traced"):
            # Least: draw again until something is left. Most: keep one where nothing is left.
            rate, dropped = given["high" if name == "high" else "low"], ~present[name]
            yield (
                np.all(dropped.mean(axis=0) > (rate - rate**3) / (1 - rate**3) - 0.05)
                and np.all(dropped.mean(axis=0) < rate - rate**3 / 3 + 0.05),
                "Each modality is left out as often as the rate says, and none more often than "
                "another.",
            )
        sets = np.unique(present["low"], axis=0)
        yield (
            len(sets) == 7 and np.mean(np.all(np.diff(present["low"], axis=0) == 0, axis=1)) < 0.6,
            "Each modality of each row has a lot of its own: all sets of modalities occur.",
        )
        yield (
            _same(returned["low"], returned["again"])
            and not _same(returned["low"], returned["next"]),
            "The seed decides what is drawn, and each call draws anew.",
        )
        yield (
            not _same(returned["traced"], returned["traced_next"]),
            "A traced model draws anew at every step.",
        )
        yield (
            all(_same(before, returned[name]) for name in ("none", "inference", "plainly")),
            "In inference, and at a rate of 0, all modalities are as they were.",
        )


def _components(rows, new, number):
    """Whitened principal components of rows, and of new rows by what the first ones say."""
    _, values, directions = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    unit = values[:number] / np.sqrt(len(rows))
    return tuple((x - rows.mean(axis=0)) @ directions[:number].T / unit for x in (rows, new))


def _dense(x, weights):
    kernel, bias = weights
    return x.astype("float64") @ kernel + bias


def _relu(x):
    return np.maximum(x, 0)


def _mean(probabilities, weights):
    return np.einsum("irk,i->rk", probabilities, weights) / np.sum(weights)


def _product(probabilities, floor):
    total = np.log(np.maximum(probabilities, floor)).sum(axis=0)
    return np.exp(total - _logsumexp(total)[:, None])


def _logsumexp(x):
    largest = x.max(axis=-1, keepdims=True)
    return np.log(np.exp(x - largest).sum(axis=-1)) + largest[..., 0]


def _is_whole(before, outputs):
    """Whether each row of each modality is as before, or zero."""
    for old, new in zip(before, outputs):
        axes = tuple(range(1, old.ndim))
        if not np.all(np.all(new == old, axis=axes) | np.all(new == 0, axis=axes)):
            return False
    return True


def _present(outputs):
    """Which modalities each row has, `(rows, modalities)`."""
    return np.stack([np.any(x.reshape(len(x), -1) != 0, axis=1) for x in outputs], axis=1)


def _same(these, those):
    return len(these) == len(those) and all(map(np.array_equal, these, those))


def _close(found, expected):
    return np.shape(found) == np.shape(expected) and np.allclose(
        found, expected, rtol=1e-3, atol=1e-4
    )
