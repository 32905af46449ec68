"""Hidden checks of the lab `fusion`."""

import numpy as np

from classroom.checks import Array, Check, shown


class EarlyFusion(Check):
    """Each modality has principal components of its own, learned from the training rows."""

    task = "early_fusion"
    points = 5
    points_shown = 2

    def example(self, rng):
        rows, test_rows, quiet_size, units, reduced = 30, 12, 3, 256, 32
        spread, shapes = [90, 60, 40, 5, 4, 3, 2, 1], [[28, 28], [64, 40]]
        if rng is not None:
            rows, test_rows = int(rng.integers(33, 45)), int(rng.integers(13, 20))
            spread = [*rng.uniform([80, 50, 30], [95, 60, 40]), *rng.uniform(1, 5, size=4)]
            units, reduced = (int(rng.integers(*span)) for span in ((40, 250), (10, 30)))
            shapes = [[int(n) for n in rng.integers(10, 60, size=2)] for _ in shapes]
        rng = rng or np.random.default_rng(0)
        loud = rng.normal(size=(rows, len(spread))) * spread + 100
        quiet = rng.normal(size=(rows, quiet_size)) * [0.9, 0.5, 0.1]
        test = [90 - 60 * rng.random((test_rows, len(spread)))]
        test.append(2 + rng.random((test_rows, quiet_size)))
        return {
            "train": [loud, quiet],
            "test": test,
            "components": [3, 2],
            "shapes": shapes,
            "units": units,
            "reduced": [reduced, reduced],
        }

    def given(self, rng):
        rows = int(rng.integers(40, 51))
        components = [int(number) for number in rng.permutation([2, 3, 5])]
        # One modality has more features than rows, one as many as components. The first one is
        # pixels.
        order = rng.permutation(3)
        sizes = [[70, 15, components[place]][kind] for place, kind in enumerate(order)]
        loudness = [25.0, *rng.permutation([0.02, 300.0])]
        middles = [rng.uniform(100, 150, size=sizes[0])]
        middles += [loudness[i] * rng.normal(scale=2, size=sizes[i]) for i in (1, 2)]
        kinds = ["uint8", *rng.permutation(["float32", "float64"])]
        train, test = [], []
        for middle, loud, kind in zip(middles, loudness, kinds):
            parts = self._draw(rng, rows, middle, loud)
            if kind == "uint8":
                parts = [np.clip(np.round(part), 0, 255) for part in parts]
            train.append(parts[0].astype(kind))
            test.append(parts[1].astype(kind))
        return {
            "train": train,
            "test": test,
            "components": components,
            "shapes": [[int(n) for n in rng.integers(3, 30, size=axes)] for axes in (3, 1, 2, 4)],
            "units": int(rng.integers(20, 300)),
            "reduced": [int(number) for number in 3 + rng.permutation(30)[:4]],
        }

    @staticmethod
    def _draw(rng, rows, middle, loud):
        """Training rows with distinct variances along random directions, and test rows elsewhere.

        The variances of the training rows are exact, so components are never hard to tell apart.
        The first test row is opposite to the first training row in all components.
        """
        number = min(middle.size, 20)
        directions = np.linalg.qr(rng.normal(size=(middle.size, middle.size)))[0][:number]
        spread = loud * 0.6 ** np.minimum(np.arange(number), 8)
        scores = rng.normal(size=(rows, number))
        scores = np.linalg.qr(scores - scores.mean(axis=0))[0] * np.sqrt(rows)
        new = rng.normal(size=(22, number))
        opposite = middle - (spread * scores[:1]) @ directions
        return [
            middle + (spread * scores) @ directions,
            np.concatenate([opposite, middle + 2 * loud + (spread * new) @ directions]),
        ]

    @staticmethod
    def run(student, train, test, components, shapes, units, reduced):
        import numpy as np

        fused_train, fused_test = student.early_fusion(train, test, components)
        shapes = [tuple(shape) for shape in shapes]
        return {
            "train": np.asarray(fused_train),
            "test": np.asarray(fused_test),
            "kept": [*train, *test],
            "full": student.dense_parameters(shapes, units),
            "reduced": student.dense_parameters(shapes, units, reduced),
        }

    def returns(self, given):
        width = sum(given["components"])
        return {
            "train": Array((len(given["train"][0]), width), "fiu"),
            "test": Array((len(given["test"][0]), width), "fiu"),
            "kept": [Array(x.shape, x.dtype.kind) for x in given["train"] + given["test"]],
            "full": float,
            "reduced": float,
        }

    def judge(self, given, returned):
        yield shown(
            all(map(np.array_equal, returned["kept"], given["train"] + given["test"])),
            "The given arrays stay as they are.",
        )
        ends = np.cumsum(given["components"])
        blocks = zip(given["train"], given["test"], ends - given["components"], ends)
        for rows, new, start, end in blocks:
            yield from self._judge_modality(
                rows, new, returned["train"][:, start:end], returned["test"][:, start:end]
            )
        features = sum(int(np.prod(shape)) for shape in given["shapes"])
        yield shown(
            returned["full"] == (features + 1) * given["units"],
            "Without reduction, the layer has a weight for each feature and unit, and biases.",
        )
        yield shown(
            returned["reduced"] == (sum(given["reduced"]) + 1) * given["units"],
            "With reduction, the layer has a weight for each component and unit, and biases.",
        )
        yield (
            all(isinstance(returned[name], int | np.integer) for name in ("full", "reduced")),
            "A number of parameters is an int.",
        )

    @staticmethod
    def _judge_modality(rows, new, train, test):
        deviations = train.std(axis=0)
        yield shown(
            np.allclose(deviations, 1, atol=0.03),
            "Over the training rows every component has a variance of 1.",
        )
        expected, expected_test = _components(rows, new, train.shape[1])
        unit = np.where(deviations > 0, deviations, 1)
        yield shown(
            _close(np.abs(train / unit), np.abs(expected), 1e-3),
            "Training rows are on the principal components of each modality alone, in order.",
        )
        yield shown(
            _close(np.abs(test / unit), np.abs(expected_test), 1e-3),
            "Test rows are centred, turned and scaled by what was learned from training rows.",
        )
        signs = np.sign(np.sum(train * expected, axis=0))
        yield (
            _close(signs * train / unit, expected, 1e-3)
            and _close(signs * test / unit, expected_test, 1e-3),
            "The direction of a component is the same for training rows and for test rows.",
        )
        # A variance may be divided by the number of rows, or by one less.
        yield (
            any(
                np.allclose(deviations, np.sqrt(1 - less / len(rows)), atol=2e-3) for less in (0, 1)
            ),
            "Over the training rows every component has a variance of 1.",
        )


class LateFusion(Check):
    """Own branches meet before the head, which sees the features of all of them."""

    task = "late_fusion"
    points = 5
    points_shown = 2

    def example(self, rng):
        shapes, units, hidden, classes, rows = [[4, 3], [5]], 3, 6, 2, 40
        if rng is not None:
            shapes = [[int(n) for n in rng.permutation([3, 4, 5])[:2]], [int(rng.integers(6, 10))]]
            units, classes = int(rng.integers(3, 5)), int(rng.choice([2, 5]))
            hidden, rows = int(rng.integers(10, 12)), int(rng.integers(30, 40))
        rng = rng or np.random.default_rng(0)
        inputs = self._inputs(rng, shapes, units, hidden, classes, rows)
        return inputs | {"thorough": False}

    def given(self, rng):
        shapes = [[[2, 3], [7], [2, 2, 2]][place] for place in rng.permutation(3)]
        units, hidden, classes = (int(rng.integers(*span)) for span in ((3, 6), (9, 13), (3, 6)))
        return self._inputs(rng, shapes, units, hidden, classes, int(rng.integers(19, 24)))

    @staticmethod
    def _inputs(rng, shapes, units, hidden, classes, rows):
        return {
            "shapes": shapes,
            "alike": [[2, 3], [4], [2, 3], [2, 3]],
            "units": units,
            "hidden": hidden,
            "classes": classes,
            "x": [rng.normal(size=(rows, *shape)).astype("float32") for shape in shapes],
            "other": [rng.normal(size=(rows, *shape)).astype("float32") for shape in shapes],
            "values": rng.normal(size=(3, 1000)).astype("float32"),
            "thorough": True,
        }

    @staticmethod
    def run(student, shapes, alike, units, hidden, classes, x, other, values, thorough):
        import keras
        import numpy as np

        shapes, alike = ([tuple(shape) for shape in kind] for kind in (shapes, alike))
        model = student.late_fusion(shapes, units, hidden, classes)
        changes = [(), *[(i,) for i in range(len(x))], (0, 1)]
        rows = [
            np.concatenate([other[i] if i in change else x[i] for change in changes])
            for i in range(len(x))
        ]
        logits, training = [], []
        for drawn in values:
            for weight in model.weights:
                size = int(np.prod(weight.shape))
                weight.assign(np.resize(drawn, size).reshape(weight.shape))
                drawn = np.roll(drawn, -size)
            logits.append(np.split(keras.ops.convert_to_numpy(model(rows)), len(changes)))
            if thorough:
                training.append(keras.ops.convert_to_numpy(model(x, training=True)))
        weights = model.get_weights()
        returned = {
            "functional": isinstance(model, keras.Model),
            "compiled": bool(model.compiled),
            "inputs": [[-1 if n is None else n for n in each.shape] for each in model.inputs],
            "kernels": [weight for weight in weights if weight.ndim == 2],
            "others": [weight for weight in weights if weight.ndim != 2],
            "logits": np.array(logits),
        }
        if thorough:
            returned["training"] = np.array(training)
            returned["trained"] = len(model.trainable_variables)
            returned["penalties"] = len(model.losses)
            constraints = [getattr(weight, "constraint", None) for weight in model.weights]
            returned["constraints"] = len(constraints) - constraints.count(None)
            returned["alike"] = student.late_fusion(alike, units, hidden, classes).count_params()
        return returned

    def returns(self, given):
        draws, rows = len(given["values"]), len(given["x"][0])
        changes = len(given["shapes"]) + 2
        forms = {
            "functional": bool,
            "compiled": bool,
            "inputs": [[int, ...], ...],
            "kernels": [Array((None, None)), ...],
            "others": [Array((None,)), ...],
            "logits": Array((draws, changes, rows, given["classes"])),
        }
        if given["thorough"]:
            forms |= {"training": Array((draws, rows, given["classes"])), "alike": int}
            forms |= dict.fromkeys(("trained", "penalties", "constraints"), int)
        return forms

    def judge(self, given, returned):
        yield shown(returned["functional"], "The result is a keras.Model.")
        yield (not returned["compiled"], "The model is not compiled.")
        yield shown(
            returned["inputs"] == [[-1, *shape] for shape in given["shapes"]],
            "The model has an input for each modality, in their order.",
        )
        kernels, number = self._sizes(given, given["shapes"])
        weights = self._assigned(given, returned)
        yield shown(
            weights is not None and sum(w.size for w in weights[-1]) == number,
            "The number of parameters is that of the branches' and the head's dense layers.",
        )
        logits = returned["logits"]
        yield shown(
            not np.allclose(logits[:, 0].sum(axis=-1), 1, atol=1e-3),
            "Logits come out, not probabilities.",
        )
        changed = np.abs(logits[:, 1:-1] - logits[:, :1]).max(axis=(0, 2, 3))
        yield shown(np.all(changed > 1e-3), "The logits depend on every modality.")
        interplay = logits[:, 0] - logits[:, 1] - logits[:, 2] + logits[:, -1]
        yield shown(
            np.abs(interplay).max() > 1e-3,
            "What a change of one modality does depends on the other modalities.",
        )
        yield from self._judge_logits(given, returned, kernels, weights)

    def _judge_logits(self, given, returned, kernels, weights):
        pairs = weights and sorted((k.shape, b.shape) for k, b in zip(*[iter(weights[-1])] * 2))
        as_described = pairs == sorted((kernel, kernel[1:]) for kernel in kernels)
        yield (
            as_described,
            "There are a dense layer for each modality, the head's hidden layer, which gets the "
            "features of all of them, and its last one, and no other weights.",
        )
        expected = self._logits(given, kernels, weights) if as_described else None
        yield (
            as_described and _close(returned["logits"], expected),
            "Branches and the hidden layer end with ReLU, features stand side by side in the "
            "order of the modalities, and logits come out.",
        )
        if given["thorough"]:
            yield (
                as_described and _close(returned["training"], expected[:, 0]),
                "In training the same layers make the logits as in inference.",
            )
            yield (
                returned["trained"] == len(returned["kernels"]) + len(returned["others"])
                and returned["penalties"] == returned["constraints"] == 0,
                "All layers are trained, and no regularisers or constraints are added.",
            )
            yield (
                returned["alike"] == self._sizes(given, given["alike"])[1],
                "Each modality has a branch of its own, also where shapes are the same.",
            )

    @staticmethod
    def _assigned(given, returned):
        """Weights of the model at each draw, kernels before biases; None if they are no pairs."""
        found = [w for pair in zip(returned["kernels"], returned["others"]) for w in pair]
        ends = np.cumsum([w.size for w in found])
        if len(found) != len(returned["kernels"]) + len(returned["others"]) or not found:
            return None
        if ends[-1] > given["values"].shape[1]:
            return None
        draws = [
            [values[end - w.size : end].reshape(w.shape) for w, end in zip(found, ends)]
            for values in given["values"]
        ]
        return draws if all(map(np.array_equal, found, draws[-1])) else None

    @staticmethod
    def _logits(given, kernels, weights):
        """Closed form for each draw of weights, before and after each change of modalities."""
        x, other = given["x"], given["other"]
        changes = [(), *[(i,) for i in range(len(x))], (0, 1)]
        logits = []
        for drawn in weights:
            pairs = {k.shape: (k, b) for k, b in zip(drawn[::2], drawn[1::2])}
            *branches, hidden, last = (pairs[kernel] for kernel in kernels)
            for change in changes:
                rows = [other[i] if i in change else x[i] for i in range(len(x))]
                features = [
                    _relu(_dense(each.reshape(len(each), -1), branch))
                    for each, branch in zip(rows, branches)
                ]
                logits.append(_dense(_relu(_dense(np.hstack(features), hidden)), last))
        return np.reshape(logits, (len(weights), len(changes), *logits[0].shape))

    @staticmethod
    def _sizes(given, shapes):
        """Shapes of all kernels, which differ, and the number of parameters."""
        units, hidden, classes = given["units"], given["hidden"], given["classes"]
        kernels = [(int(np.prod(shape)), units) for shape in shapes]
        kernels += [(len(shapes) * units, hidden), (hidden, classes)]
        return kernels, sum((inputs + 1) * outputs for inputs, outputs in kernels)


class DecisionFusion(Check):
    """Mean and product of probabilities, whatever their number, zeros included."""

    task = "decision_fusion"
    points = 5
    points_shown = 2

    def example(self, rng):
        usual = np.array(
            [
                [[0.8, 0.1, 0.1], [0.2, 0.5, 0.3]],
                [[0.5, 0.4, 0.1], [0.1, 0.6, 0.3]],
                [[0.4, 0.3, 0.3], [0.3, 0.1, 0.6]],
                [[0.6, 0.2, 0.2], [0.2, 0.2, 0.6]],
            ]
        )
        weights, excluded, floor = [4, 0, 0, 4], 2, 1e-3
        if rng is not None:
            # Rows differ in the order of classes, so their products are of like size.
            sureness = [0.55, 0.25, 0.15, 0.05]
            classifiers = np.array([rng.permutation(sureness) for _ in range(5)])
            usual = np.stack([classifiers[:, rng.permutation(4)] for _ in range(3)], axis=1)
            usual = usual * rng.uniform(0.97, 1.03, size=usual.shape)
            usual /= usual.sum(axis=-1, keepdims=True)
            weights = [int(n) for n in rng.permutation([0, 0, 1, 2, 3])]
            excluded, floor = int(rng.integers(3, 6)), float(10 ** rng.uniform(-4, -2))
        return {
            "usual": usual,
            "zeros": np.stack([np.full(excluded, 1 / excluded), *np.eye(excluded)])[:, None],
            "many": np.tile(usual, (300, 1, 1)),
            "weights": weights,
            "counts": None,
            "floor": floor,
        }

    def given(self, rng):
        sizes = [(3, 6, 4), (4, 7, 3), (5, 6, 3), (4, 6, 5), (3, 7, 5), (5, 8, 4)]
        classifiers, rows, classes = sizes[rng.integers(len(sizes))]
        usual = rng.dirichlet(np.ones(classes), size=(classifiers, rows))
        small = rng.choice([0, 1e-15, 1e-9], size=usual.shape)
        zeros = np.where(rng.random(usual.shape) < 0.3, small, usual)
        zeros[:, 1:, 0] = usual[:, 1:, 0]
        zeros[:, 0] = np.eye(classes)[np.arange(classifiers) % classes]
        # One classifier is nearly sure of a class that another one thinks improbable.
        zeros[:, 1] = 1
        zeros[0, 1] = np.where(np.arange(classes) == 1, 0.995 * (classes - 1), 0.005)
        zeros[1, 1] = np.where(np.arange(classes) == 1, 0.05 * (classes - 1), 0.95)
        # Two classes are as improbable as can be, one of them less so.
        zeros[:, 2], zeros[:2, 2] = 1, 0
        zeros[0, 2, :2], zeros[1, 2, :2] = [1, 3e-15], [1e-15, 1]
        zeros /= zeros.sum(axis=-1, keepdims=True)
        number = 13_000 // classes
        # As much for each class, which only the last classifier decides; all sure; no order.
        balanced = rng.dirichlet(np.full(classes, 8.0), size=number)
        balanced = np.concatenate([np.roll(balanced, i, axis=1) for i in range(classes)])
        sure = np.where(np.arange(classes) == 1, 0.99, 0.01 / (classes - 1))
        mixed = rng.dirichlet(np.full(classes, 50.0), size=len(balanced))
        many = np.stack([balanced, np.tile(sure, (len(balanced), 1)), mixed], axis=1)
        last = rng.dirichlet(np.full(classes, 5.0), size=(1, 3))
        return {
            "usual": usual,
            "zeros": zeros,
            "many": np.concatenate([many, last]),
            "weights": rng.uniform(0.1, 5, size=classifiers) * 10 ** rng.uniform(-10, -9),
            "counts": np.where(np.arange(classifiers) == 1, 0, rng.integers(1, 9, classifiers)),
            "floor": float(10 ** rng.uniform(-1.7, -1.4)),
        }

    @staticmethod
    def run(student, usual, zeros, many, weights, counts, floor):
        import numpy as np

        returned = {
            "mean": student.mean_rule(usual),
            "weighted": student.mean_rule(usual, weights),
            "product": student.product_rule(usual),
            "floor": student.product_rule(zeros, floor=floor),
            "many": student.product_rule(many),
        }
        if counts is not None:
            returned |= {
                "counted": student.mean_rule(zeros, counts),
                "heavy": student.mean_rule(usual, 1e18 * weights),
                "one_row": student.mean_rule(usual[:, :1]),
                "product_one_row": student.product_rule(usual[:, :1]),
                "single": student.product_rule(usual[:1]),
                "low_floor": student.product_rule(zeros, floor=1e-30),
                "often_low": student.product_rule(np.tile(zeros[:3], (50, 1, 1)), floor=1e-30),
                "vetoes": student.product_rule(zeros),
            }
        returned = {name: np.asarray(value) for name, value in returned.items()}
        kept = [usual, zeros, np.asarray(weights)]
        return returned | {"kept": kept if counts is None else [*kept, counts]}

    def returns(self, given):
        of_usual, of_zeros = (Array(given[name].shape[1:]) for name in ("usual", "zeros"))
        forms = dict.fromkeys(("mean", "weighted", "product"), of_usual)
        forms |= {"floor": of_zeros, "many": Array(given["many"].shape[1:])}
        forms["kept"] = [Array(x.shape, x.dtype.kind) for x in self._kept(given)]
        if given["counts"] is not None:
            one_row = Array((1, given["usual"].shape[2]))
            forms |= dict.fromkeys(("one_row", "product_one_row"), one_row)
            forms |= dict.fromkeys(("counted", "low_floor", "often_low", "vetoes"), of_zeros)
            forms |= dict.fromkeys(("heavy", "single"), of_usual)
        return forms

    @staticmethod
    def _kept(given):
        kept = [given["usual"], given["zeros"], np.asarray(given["weights"])]
        return kept if given["counts"] is None else [*kept, given["counts"]]

    def judge(self, given, returned):
        usual, kept = given["usual"], self._kept(given)
        yield shown(
            _close(returned["mean"], usual.mean(axis=0)),
            "Without weights, the mean rule is the mean over classifiers.",
        )
        yield shown(
            _close(returned["weighted"], _mean(usual, kept[2])),
            "With weights, each classifier counts in proportion to its own.",
        )
        yield shown(
            _close(returned["product"], _product(usual, 1e-12)),
            "The product rule is the product over classifiers, divided by its sum over classes.",
        )
        yield shown(
            _close(returned["floor"], _product(given["zeros"], given["floor"])),
            "Probabilities below the floor count as the floor, and all others as they are.",
        )
        yield shown(
            _close(returned["many"], _product(given["many"], 1e-12)),
            "The product is right for very many classifiers, too.",
        )
        sentence = "The given arrays stay as they are."
        yield shown(np.array_equal(returned["kept"][0], usual), sentence)
        yield all(map(np.array_equal, returned["kept"], kept)), sentence
        if given["counts"] is not None:
            yield from self._judge_more(given, returned)

    @staticmethod
    def _judge_more(given, returned):
        usual, zeros = given["usual"], given["zeros"]
        yield (
            _close(returned["counted"], _mean(zeros, given["counts"]))
            and _close(returned["heavy"], _mean(usual, given["weights"])),
            "With weights, each classifier counts in proportion to its own.",
        )
        yield (
            _close(returned["single"], usual[0]),
            "The product of a single classifier is that classifier.",
        )
        yield (
            _close(returned["one_row"], usual[:, :1].mean(axis=0))
            and _close(returned["product_one_row"], _product(usual[:, :1], 1e-12)),
            "Both rules work for a single row, too.",
        )
        yield (
            _close(returned["vetoes"], _product(zeros, 1e-12))
            and _close(returned["low_floor"], _product(zeros, 1e-30)),
            "Probabilities below the floor count as the floor, and all others as they are.",
        )
        yield (
            _close(returned["often_low"], _product(np.tile(zeros[:3], (50, 1, 1)), 1e-30)),
            "The product is right where many classifiers are below a small floor, too.",
        )


class MultiplicativeLoss(Check):
    """−Σᵢ [Π_{j≠i}(1 − pⱼ)]^β log pᵢ, with constant weights, whatever the size of the logits."""

    task = "multiplicative_loss"
    points = 5
    points_shown = 2

    def example(self, rng):
        p, labels = np.array([[0.8, 0.5], [0.9, 0.7]]), np.array([0, 1], "int32")
        beta, lead, small = 1.0, 40, 0.1
        if rng is not None:
            rows = int(rng.integers(3, 6))
            p, labels = rng.uniform(0.2, 0.9, size=(rows, 2)), rng.permutation(rows) % 2
            beta, lead = float(rng.uniform(0.8, 1.3)), int(rng.integers(30, 45))
            small = float(rng.uniform(0.06, 0.12))
        usual = (np.log(np.stack([p, 1 - p], axis=-1)) + 1).astype("float32")
        labels = labels.astype("int32")
        correct = np.eye(2, dtype="float32")[labels]
        sure = np.zeros_like(usual)
        sure[:, 0] = lead * correct
        return {
            "labels": labels,
            "usual": usual,
            "betas": [beta, 0.0, 2 * beta],
            "sure": sure,
            "small": small,
            "extremes": None,
            "tiny": 0.0,
            "weights": np.ones(len(labels), "float32"),
        }

    def given(self, rng):
        sizes = [(5, 3, 4), (6, 4, 3), (7, 3, 5), (6, 4, 5), (8, 3, 4)]
        rows, modalities, classes = sizes[rng.integers(len(sizes))]
        labels = rng.integers(classes, size=rows).astype("int32")
        usual = rng.normal(scale=2, size=(rows, modalities, classes)).astype("float32")
        correct = np.eye(classes, dtype="float32")[labels]
        other = np.roll(correct, 1, axis=1)
        sure, large, opposed, lost = (usual.copy() for _ in range(4))
        sure[:, 0] += rng.uniform(25, 60, size=(rows, 1)).astype("float32") * correct
        # Farther apart than even float64 has exponentials for.
        large[:, -1] += rng.uniform(400, 450, size=(rows, 1)).astype("float32") * (2 * correct - 1)
        opposed[1::2, 1] += 300 * correct[1::2]
        opposed[1::2, 2] += 300 * other[1::2]
        lost[:, 1] += rng.uniform(150, 400, size=(rows, 1)).astype("float32") * other
        lost[0] += 200 * other[0]
        return {
            "labels": labels,
            "usual": usual,
            "betas": [float(rng.uniform(0.3, 0.9)), 0.0, float(rng.uniform(1.1, 2))],
            "sure": sure,
            "small": float(rng.uniform(0.02, 0.06)),
            "extremes": {"large": large, "opposed": opposed, "lost": lost},
            "tiny": float(rng.uniform(0.002, 0.004)),
            "weights": rng.uniform(0.5, 2, size=rows).astype("float32"),
        }

    @staticmethod
    def run(student, labels, usual, betas, sure, small, extremes, tiny, weights):
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

        returned = {
            "usual": evaluate(usual, betas[0]),
            "sum": evaluate(usual, betas[1]),
            "steep": evaluate(usual, betas[2]),
            "sure": evaluate(sure, small),
        }
        if extremes is not None:
            returned |= {
                "single": evaluate(usual[:, :1], betas[0]),
                "large": evaluate(extremes["large"], tiny),
                "large_sum": evaluate(extremes["large"], betas[1]),
                "opposed": evaluate(extremes["opposed"], betas[0]),
                "lost": evaluate(extremes["lost"], betas[0]),
            }
        return returned

    def returns(self, given):
        cases = self._cases(given).items()
        return {name: [Array(x.shape[:1]), Array(x.shape)] for name, (x, *_) in cases}

    def judge(self, given, returned):
        for name, (logits, beta, sentence) in self._cases(given).items():
            loss, gradient = self._loss(given["labels"], logits, beta)
            values, slope = returned[name]
            met = _close(values, loss), sentence
            yield shown(*met) if name in ("usual", "sum", "steep", "sure") else met
            met = (
                _close(slope, given["weights"][:, None, None] * gradient),
                "The gradient of a row's loss with respect to the logits of a modality is the "
                "modality's weight times the gradient of its cross entropy.",
            )
            yield shown(*met) if name == "usual" else met

    @staticmethod
    def _cases(given):
        """Logits, β and what is required, for each value that `run` returns."""
        formula = (
            "Each row's loss adds −log p of all modalities, each weighted by the product of 1 − p "
            "of all others, to the power β."
        )
        sure = "Where a modality is sure, the weights of the others are what the formula says."
        extreme = (
            "The loss is what the formula says also where one modality is surely right and another "
            "surely wrong."
        )
        usual, betas, extremes = given["usual"], given["betas"], given["extremes"]
        of_sum = "With β = 0 the loss is the sum of the cross entropies."
        cases = {
            "usual": (usual, betas[0], formula),
            "sum": (usual, betas[1], of_sum),
            "steep": (usual, betas[2], formula),
            "sure": (given["sure"], given["small"], sure),
        }
        if extremes is not None:
            cases |= {
                "single": (usual[:, :1], betas[0], "The weight of a single modality is 1."),
                "large": (extremes["large"], given["tiny"], sure),
                "large_sum": (extremes["large"], betas[1], of_sum),
                "opposed": (extremes["opposed"], betas[0], extreme),
                "lost": (extremes["lost"], betas[0], extreme),
            }
        return cases

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
    points = 5
    points_shown = 2
    seen = ("first", "second", "again")
    unseen = (
        "early_twin", "other_seed", "high", "unseeded", "unseeded_too", "zero", "zero_too",
        "traced", "traced_next",
    )  # fmt: skip

    def example(self, rng):
        rows, shapes, low, seed = 400, ((3, 2), (5,)), 0.3, 1
        if rng is not None:
            rows, seed = int(rng.integers(2000, 2400)), int(rng.integers(2, 2**31))
            shapes = [rng.integers(2, 4, size=2), rng.integers(3, 7, size=1)]
            low = float(rng.uniform(0.22, 0.32))
        rng = rng or np.random.default_rng(0)
        modalities = [rng.uniform(1, 2, size=(rows, *shape)).astype("float32") for shape in shapes]
        return {"modalities": modalities, "low": low, "high": None, "seed": seed}

    def given(self, rng):
        rows, shapes = 4000, ((2,), (1, 3), (2, 1, 2))
        modalities = [
            rng.uniform(0.5, 2, size=(rows, *shape)) * rng.choice([-1, 1], size=(rows, *shape))
            for shape in shapes
        ]
        return {
            "modalities": [x.astype("float32") for x in modalities],
            "low": float(rng.uniform(0.25, 0.4)),
            "high": float(rng.uniform(0.7, 0.8)),
            "seed": int(rng.integers(2, 2**31)),
        }

    @staticmethod
    def run(student, modalities, low, high, seed):
        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops

        def drop(layer, rows=modalities, **options):
            return [ops.convert_to_numpy(x) for x in layer(rows, **options)]

        layer = student.ModalityDropout(low, seed=seed)
        returned = {
            "first": drop(layer, training=True),
            "second": drop(layer, training=True),
            "again": drop(student.ModalityDropout(low, seed=seed), training=True),
            "inference": drop(layer, training=False),
        }
        if high is None:
            return returned
        early, twin = (student.ModalityDropout(low, seed=seed) for _ in range(2))
        drop(early, training=True)
        returned |= {
            "early_twin": drop(twin, training=True),
            "other_seed": drop(student.ModalityDropout(low, seed=seed - 1), training=True),
            "high": drop(student.ModalityDropout(high, seed=seed), training=True),
            "none": drop(student.ModalityDropout(0.0, seed=seed), training=True),
            "plainly": drop(layer),
            "alone": drop(student.ModalityDropout(high, seed=seed), modalities[:1], training=True),
        }
        for name, number in {"unseeded": None, "zero": 0}.items():
            for end in ("", "_too"):
                new = student.ModalityDropout(low, seed=number)
                returned[name + end] = drop(new, training=True)
        inputs = [keras.Input(x.shape[1:]) for x in modalities]
        model = keras.Model(inputs, student.ModalityDropout(low, seed=seed)(inputs))
        step = tf.function(
            lambda *rows: model(list(rows), training=True),
            input_signature=[tf.TensorSpec((None, *x.shape[1:])) for x in modalities],
            autograph=False,
        )
        for name in ("traced", "traced_next"):
            returned[name] = [ops.convert_to_numpy(x) for x in step(*modalities)]
        single = [step(*[x[i : i + 1] for x in modalities]) for i in range(120)]
        returned["single"] = [
            np.concatenate([np.asarray(x) for x in rows]) for rows in zip(*single)
        ]
        return returned

    def returns(self, given):
        shapes = [x.shape for x in given["modalities"]]
        whole = [Array(shape) for shape in shapes]
        forms = {name: whole for name in (*self.seen, "inference")}
        if given["high"] is not None:
            forms |= {name: whole for name in (*self.unseen, "none", "plainly")}
            forms["alone"] = whole[:1]
            forms["single"] = [Array((120, *shape[1:])) for shape in shapes]
        return forms

    def judge(self, given, returned):
        before, low = given["modalities"], given["low"]
        present = {name: _present(returned[name]) for name in self.seen}
        yield from map(shown, *zip(*self._judge_rows(before, returned, self.seen)))
        yield shown(
            _same(returned["inference"], before), "In inference all modalities are as they were."
        )
        shares = 1 - present["first"].mean(axis=0)
        yield shown(
            np.all((shares > low / 2) & (shares < low + 0.05)),
            "Each modality is left out as often as the rate says.",
        )
        yield shown(
            not np.array_equal(present["first"], present["second"]), "Each call draws anew."
        )
        yield shown(
            np.array_equal(present["first"], present["again"]),
            "The seed decides what is drawn, and nothing else does.",
        )
        if given["high"] is not None:
            yield from self._judge_rows(before, returned, (*self.unseen, "single"))
            yield (
                all(_same(returned[name], before) for name in ("none", "plainly")),
                "All modalities are as they were at a rate of 0, and if `training` is not given.",
            )
            yield _same(returned["alone"], before[:1]), "A single modality is never left out."
            present |= {name: _present(returned[name]) for name in (*self.unseen, "single")}
            yield from self._judge_chances(given, present)
            yield from self._judge_seeds(present)

    @staticmethod
    def _judge_rows(before, returned, names):
        yield (
            all(_is_whole(before, returned[name]) for name in names),
            "In training each modality of each row is as it was, or all of it is 0.",
        )
        yield (
            all(np.all(np.any(_present(returned[name]), axis=1)) for name in names),
            "No row loses all of its modalities.",
        )

    @staticmethod
    def _judge_chances(given, present):
        rates = {name: given["high" if name == "high" else "low"] for name in present}
        single = present["single"]
        yield (
            all(_has_chances(present[name], rates[name]) for name in present if name != "single"),
            "Each modality is left out as often as the rate says, whatever the others are, and a "
            "row that would lose all keeps each with the same chance.",
        )
        yield (
            all(_rows_are_independent(present[name]) for name in ("first", "high", "traced")),
            "Each row has a lot of its own.",
        )
        yield (
            np.all(np.any(single, axis=0) & np.any(~single, axis=0)),
            "In batches of a single row, too, each modality is left out at times.",
        )

    @staticmethod
    def _judge_seeds(present):
        def same(*names):
            return np.array_equal(*(present[name] for name in names))

        yield (
            same("first", "early_twin") and same("zero", "zero_too"),
            "The seed decides what is drawn, and nothing else does.",
        )
        yield (
            not same("first", "other_seed") and not same("unseeded", "unseeded_too"),
            "Another seed draws other lots, and so does each layer without one.",
        )
        yield not same("traced", "traced_next"), "A traced model draws anew at every step."


def _components(rows, new, number):
    """Whitened principal components of rows, and of new rows by what the first ones say."""
    rows, new = rows.astype("float64"), new.astype("float64")
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
        old, axes = old[: len(new)], tuple(range(1, old.ndim))
        if not np.all(np.all(new == old, axis=axes) | np.all(new == 0, axis=axes)):
            return False
    return True


def _present(outputs):
    """Which modalities each row has, `(rows, modalities)`."""
    return np.stack([np.any(x.reshape(len(x), -1) != 0, axis=1) for x in outputs], axis=1)


def _has_chances(present, rate):
    """Whether sets of modalities are about as frequent as they should be.

    A row that would lose all keeps one, or is drawn again.
    """
    number = present.shape[1]
    sets = (np.arange(1, 2**number)[:, None] >> np.arange(number)) & 1
    kept = sets.sum(axis=1)
    chances = (1 - rate) ** kept * rate ** (number - kept)
    found = np.mean(np.all(present[:, None] == sets, axis=-1), axis=0)
    for expected in (
        chances + (kept == 1) * rate**number / number,
        chances / (1 - rate**number),
    ):
        deviation = np.sqrt(expected * (1 - expected) / len(present))
        if np.all(np.abs(found - expected) < 7 * deviation + 2 / len(present)):
            return True
    return False


def _rows_are_independent(present):
    """Whether rows at no distance have the same modalities more often than by chance."""
    codes = present @ (1 << np.arange(present.shape[1]))
    chance = np.sum((np.bincount(codes) / len(codes)) ** 2)
    limit = chance + 8 * np.sqrt(chance * (1 - chance) / len(codes))
    twice = np.concatenate([codes, codes])
    windows = np.lib.stride_tricks.sliding_window_view(twice, len(codes))
    return np.all(np.mean(windows[1 : len(codes) // 2 + 1] == codes, axis=1) < limit)


def _same(these, those):
    return len(these) == len(those) and all(map(np.array_equal, these, those))


def _close(found, expected, atol=1e-4):
    return np.shape(found) == np.shape(expected) and np.allclose(
        found, expected, rtol=1e-3, atol=atol
    )
