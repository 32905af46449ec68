"""Hidden checks of the lab `consistency`."""

import numpy as np

from classroom.checks import Array, Check, shown


class Divergence(Check):
    """KL(p ‖ q) with a stopped target, whatever the size of the logits."""

    task = "kl_divergence"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            rng = np.random.default_rng(0)
            p = np.array([[0.5, 0.5], [0.9, 0.1]])
            q = np.array([[0.25, 0.75], [0.9, 0.1]])
            return self._inputs(rng, np.log(p), np.log(q) + 1, np.ones(2))
        rows = int(rng.integers(3, 6))
        p, q = rng.uniform(0.1, 0.9, size=(2, rows))
        q[-1] = p[-1]
        target, logits = (np.log(np.stack([one, 1 - one], axis=1)) for one in (p, q))
        return self._inputs(rng, target, logits + rng.uniform(-2, 2), np.ones(rows))

    def given(self, rng):
        rows, classes = int(rng.integers(7, 10)), int(rng.integers(3, 6))
        target, logits = rng.normal(scale=2.5, size=(2, rows, classes))
        logits[-1] = target[-1] + rng.uniform(1, 2)
        inputs = self._inputs(rng, target, logits, rng.uniform(0.5, 2, size=rows))
        return inputs | {"thorough": True}

    @staticmethod
    def _inputs(rng, target, logits, weights):
        """Adds large logits: hundreds between classes, and hundreds between rows."""
        rows, classes = target.shape
        large = rng.permuted(np.tile(np.linspace(-400, 400, classes), (rows, 1)), axis=1)
        large += rng.uniform(-20, 20, size=large.shape)
        large += rng.permutation(np.linspace(-300, 300, rows))[:, None]
        arrays = {
            "target": target,
            "logits": logits,
            "large": large,
            "far": np.roll(large, 1, axis=1),
            "weights": weights,
        }
        arrays = {name: array.astype("float32") for name, array in arrays.items()}
        return arrays | {"thorough": False}

    @staticmethod
    def run(student, target, logits, large, far, weights, thorough):
        import tensorflow as tf

        def evaluate(*answers):
            answers = [tf.constant(answer) for answer in answers]
            with tf.GradientTape() as tape:
                tape.watch(answers)
                values = student.kl_divergence(*answers)
            gradients = tape.gradient(
                values, answers, tf.constant(weights), unconnected_gradients="zero"
            )
            return [values.numpy(), *(gradient.numpy() for gradient in gradients)]

        returned = {
            "usual": evaluate(target, logits),
            "large_target": evaluate(large, logits),
            "large_logits": evaluate(target, large),
            "large_both": evaluate(large, far),
        }
        if thorough:
            one_row = [tf.constant(answer[:1]) for answer in (target, logits)]
            returned["one_row"] = student.kl_divergence(*one_row).numpy()
        return returned

    def returns(self, given):
        shape = given["target"].shape
        form = [Array(shape[:1]), Array(shape), Array(shape)]
        forms = dict.fromkeys(["usual", "large_target", "large_logits", "large_both"], form)
        return forms | ({"one_row": Array((1,))} if given["thorough"] else {})

    def judge(self, given, returned):
        target, logits, large = given["target"], given["logits"], given["large"]
        values, to_target, to_logits = returned["usual"]
        yield shown(
            _close(values, _divergence(target, logits)),
            "Each row's value is the divergence of its answer from its target, KL(p ‖ q).",
        )
        yield shown(
            _close(values[-1:], np.zeros(1)),
            "The divergence of equal answers is 0, whatever is added to all logits.",
        )
        yield shown(not np.any(to_target), "No gradient passes the target, not even a small one.")
        yield shown(
            _close(to_logits, self._gradient(given, target, logits)),
            "The gradient of a row's value with respect to the logits of q is q − p.",
        )
        answers = {
            "large_target": (large, logits, "where the logits of p are large"),
            "large_logits": (target, large, "where the logits of q are large"),
            "large_both": (large, given["far"], "where the logits of p and of q are large"),
        }
        for name, (p, q, where) in answers.items():
            values, to_target, to_logits = returned[name]
            yield _close(values, _divergence(p, q)), f"The divergence is right {where}, too."
            yield (
                not np.any(to_target) and _close(to_logits, self._gradient(given, p, q)),
                f"The gradients are right {where}, too.",
            )
        if given["thorough"]:
            yield (
                _close(returned["one_row"], _divergence(target[:1], logits[:1])),
                "A single row has a divergence, too.",
            )

    @staticmethod
    def _gradient(given, target, logits):
        return given["weights"][:, None] * (_softmax(logits) - _softmax(target))


class SharpenAndMask(Check):
    """The target is sharpened, the mask is not, and all rows count in the mean."""

    task = "uda_loss"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            clean = [[2, 0], [0, 1], [3, 0]]
            augmented = [[1, 0], [0, 0], [0, 1]]
            temperature, threshold = 0.5, 0.8
        else:
            rows = int(rng.integers(4, 7))
            odds = np.where(np.arange(rows) % 2, rng.uniform(0.6, 1), rng.uniform(2, 3, size=rows))
            clean = rng.permuted(np.stack([odds, np.zeros(rows)], axis=1), axis=1)
            augmented = rng.normal(size=(rows, 2))
            temperature, threshold = rng.uniform(0.3, 0.6), rng.uniform(0.77, 0.83)
        contrast = np.array([1.0, -1.0])
        return self._inputs(clean, augmented, contrast, contrast, temperature, threshold)

    def given(self, rng):
        rows, classes = int(rng.integers(10, 15)), int(rng.integers(4, 7))
        sure = rng.permutation(np.arange(rows) % 2 == 0)
        clean, augmented = (self._answers(rng, rows, classes) for rows in (sure, ~sure))
        of_target, of_answer = rng.uniform(0.5, 1.5, size=(2, classes))
        # The divergence of some rows is below 0, and that of two equal answers is not 0.
        level = np.median((clean @ of_target - augmented @ of_answer) ** 2)
        temperature, threshold = rng.uniform(0.04, 0.08), rng.uniform(0.58, 0.62)
        inputs = self._inputs(clean, augmented, of_target, of_answer, temperature, threshold)
        return inputs | {"level": float(level)}

    @staticmethod
    def _answers(rng, sure, classes):
        """Logits of answers, sure or not.

        Sharpened, or between two classes, all would look sure; by the size of the logits, or by
        a sigmoid of each, only those that are not.
        """
        highest = np.where(sure, rng.uniform(0.7, 0.95, sure.size), rng.uniform(0.45, 0.55))
        rest = rng.uniform(0.9, 1.1, size=(sure.size, classes - 1))
        rest *= ((1 - highest) / rest.sum(axis=1))[:, None]
        answers = rng.permuted(np.concatenate([highest[:, None], rest], axis=1), axis=1)
        shift = np.where(sure, -1, 1) * rng.uniform(1, 3, size=sure.size)
        return np.log(answers) + shift[:, None]

    @staticmethod
    def _inputs(clean, augmented, of_target, of_answer, temperature, threshold):
        """Adds answers of which the network is so sure that their probability is 1."""
        certain = np.where(np.argsort(np.argsort(clean, axis=1), axis=1) == 0, 60, 0)
        arrays = {
            "clean": clean,
            "augmented": augmented,
            "certain": certain,
            "of_target": of_target,
            "of_answer": of_answer,
        }
        arrays = {name: np.asarray(array, "float32") for name, array in arrays.items()}
        numbers = {"temperature": float(temperature), "threshold": float(threshold), "level": 0.0}
        return arrays | numbers

    @staticmethod
    def run(
        student, clean, augmented, certain, of_target, of_answer, temperature, threshold, level
    ):
        import numpy as np
        import tensorflow as tf
        from keras import ops

        def divergence(target, logits):
            target = ops.sum(ops.stop_gradient(target) * of_target, axis=-1)
            return ops.square(target - ops.sum(logits * of_answer, axis=-1)) - level

        def evaluate(clean, temperature, threshold):
            answers = [tf.constant(clean), tf.constant(augmented)]
            gradients = [np.zeros_like(clean), np.zeros_like(augmented)]
            with tf.GradientTape() as tape:
                tape.watch(answers)
                loss = student.uda_loss(*answers, divergence, temperature, threshold)
            tensor = bool(ops.is_tensor(loss))
            if tensor:
                gradients = tape.gradient(loss, answers, unconnected_gradients="zero")
            return tensor, *(ops.convert_to_numpy(number) for number in (loss, *gradients))

        found = [
            evaluate(clean, 1.0, -1.0),
            evaluate(clean, temperature, -1.0),
            evaluate(clean, 1.0, threshold),
            evaluate(clean, temperature, threshold),
            evaluate(certain, temperature, 1.0),
        ]
        tensors, losses, to_clean, to_augmented = zip(*found)
        return {
            "tensors": list(tensors),
            "losses": np.array(losses),
            "to_clean": np.stack(to_clean),
            "to_augmented": np.stack(to_augmented),
        }

    def returns(self, given):
        gradients = Array((5, *given["clean"].shape))
        return {
            "tensors": [bool] * 5,
            "losses": Array((5,)),
            "to_clean": gradients,
            "to_augmented": gradients,
        }

    def judge(self, given, returned):
        temperature, threshold = given["temperature"], given["threshold"]
        settings = [
            (1.0, -1.0, "Without sharpening and mask, the loss is the mean divergence."),
            (temperature, -1.0, "The temperature divides the logits of the target, and no others."),
            (
                1.0,
                threshold,
                "Rows of which the network is not sure count as 0 in the mean over all rows.",
            ),
            (
                temperature,
                threshold,
                "With both, the mask looks at the clean answer before that is sharpened.",
            ),
        ]
        for place, (temperature, threshold, sentence) in enumerate(settings):
            expected, gradient = self._loss(given, temperature, threshold)
            yield shown(_close(returned["losses"][place], expected), sentence)
            yield (
                _close(returned["to_augmented"][place], gradient),
                "The gradient passes the answers to augmented views as it does in a mean over all "
                "rows, and is 0 in those that do not count.",
            )
        yield (
            not np.any(returned["to_clean"]),
            "No gradient passes the answers to the clean views.",
        )
        yield all(returned["tensors"]), "The loss is a tensor, also where no row counts."
        yield (
            returned["losses"][-1] == 0 and not np.any(returned["to_augmented"][-1]),
            "A row counts only above the threshold, not at it; if none counts, loss and gradient "
            "are 0.",
        )

    @staticmethod
    def _loss(given, temperature, threshold):
        """Closed form, and its gradient with respect to the augmented answers."""
        clean, augmented = given["clean"].astype("float64"), given["augmented"]
        difference = clean / temperature @ given["of_target"] - augmented @ given["of_answer"]
        counts = _softmax(clean).max(axis=1) > threshold
        slope = -2 * (counts * difference)[:, None] * given["of_answer"]
        return np.mean(counts * (difference**2 - given["level"])), slope / len(clean)


class ShiftPictures(Check):
    """Every picture is its original, moved by whole pixels of its own."""

    task = "shift_pictures"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            dots = self._dots(9, 7, np.full(60, 200), 100)
            return {"dots": dots, "reach": 2, "seed": 0, "others": []}
        rows, reach = int(rng.integers(50, 71)), int(rng.integers(2, 4))
        height, width = 2 * rng.choice([4, 5, 6], size=2, replace=False) + 1
        line, *dot = rng.choice(np.arange(50, 256), size=1 + rows, replace=False)
        dots, seed = self._dots(height, width, dot, line), int(rng.integers(2, 2**32))
        return {"dots": dots, "reach": reach, "seed": seed, "others": []}

    def given(self, rng):
        height, width = rng.permutation(np.arange(8, 12))[:2]
        many = rng.integers(1, 256, size=(200, height, width, 3)).astype("uint8")
        decimal = rng.uniform(0.1, 1, size=(20, width, height, 1)).astype("float32")
        exact = rng.normal(scale=1000, size=(15, height, width, 2))
        small = rng.integers(1, 30_000, size=(300, 4, 3, 1)).astype("int16")
        reach, farther = (int(one) for one in rng.permutation([2, 3]))
        others = [(many, reach), (small, 1), (decimal, farther), (exact, reach), (decimal, 0)]
        others.append((exact[:1], reach))
        # Some of these leave the picture altogether.
        side = int(rng.integers(3, 5))
        others.append((rng.uniform(1, 2, size=(100, side, side, 1)), side))
        return self.example(rng) | {
            "others": [{"pictures": pictures, "reach": one} for pictures, one in others]
        }

    @staticmethod
    def _dots(height, width, dots, line):
        """Pictures with a dot in the middle and a line at the top."""
        pictures = np.zeros((len(dots), height, width, 1), "uint8")
        pictures[:, height // 2, width // 2, 0] = dots
        pictures[:, 0] = line
        return pictures

    @staticmethod
    def run(student, dots, reach, seed, others):
        import pickle
        import random

        import numpy as np

        def state():
            return pickle.dumps([np.random.get_state(), random.getstate()])

        def shift(pictures, reach, rng):
            moved = student.shift_pictures(pictures, reach, rng)
            array = isinstance(moved, np.ndarray)
            return {
                "array": array,
                "new": array and not np.shares_memory(moved, pictures),
                "moved": np.array(moved),
                "kept": pictures.copy(),
            }

        before, returned = state(), {"dots": []}
        for one in (seed, seed, seed + 1, seed + 1):
            rng = np.random.default_rng(one)
            returned["dots"] += [shift(dots.copy(), reach, rng) for _ in range(2)]
        returned["others"] = [shift(one["pictures"].copy(), one["reach"], rng) for one in others]
        return returned | {"untouched": state() == before}

    def returns(self, given):
        def form(pictures):
            arrays = Array(pictures.shape, "biuf")
            return {"array": bool, "new": bool, "moved": arrays, "kept": arrays}

        others = [form(one["pictures"]) for one in given["others"]]
        return {"dots": [form(given["dots"])] * 8, "others": others, "untouched": bool}

    def judge(self, given, returned):
        dots = given["dots"]
        for one in returned["dots"]:
            yield shown(one["array"], "The result is a np.ndarray.")
            yield shown(one["moved"].dtype == dots.dtype, "Shape and dtype stay as they are.")
            yield shown(np.array_equal(one["kept"], dots), "The given pictures stay as they are.")
            yield from self._judge_dots(dots, one["moved"], given["reach"])
        moved = [one["moved"] for one in returned["dots"]]
        first, second, other, another = moved[:2], moved[2:4], moved[4:6], moved[6:]
        yield shown(
            _all_equal(first[:1] + other[:1], second[:1] + another[:1])
            and not np.array_equal(first[0], other[0]),
            "The generator is the only source of chance: the same seed gives the same pictures, "
            "and another seed other ones.",
        )
        yield (
            _all_equal(first[1:] + other[1:], second[1:] + another[1:])
            and not np.array_equal(*first)
            and not np.array_equal(*other),
            "A second call draws other shifts from the generator, the same for the same seed.",
        )
        yield returned["untouched"], "The states of `np.random` and of `random` stay as they are."
        pairs = [(dots, given["reach"], one) for one in returned["dots"]]
        others = zip(given["others"], returned["others"])
        pairs += [(of["pictures"], of["reach"], one) for of, one in others]
        for pictures, reach, one in pairs:
            yield one["new"], "The result is a new array, even if the reach is 0."
            yield one["array"], "The result is a np.ndarray."
            yield one["moved"].dtype == pictures.dtype, "Shape and dtype stay as they are."
            yield np.array_equal(one["kept"], pictures), "The given pictures stay as they are."
            shifts = _shifts(pictures, one["moved"], reach)
            yield (
                len(shifts) == len(pictures),
                "Each picture is the given one, moved by whole pixels, no farther than it may be, "
                "with zeros where nothing was: not mirrored, not wrapped around, not rounded, all "
                "channels together.",
            )
            if len(shifts) == len(pictures) >= 200:
                yield from self._judge_chance(shifts, reach)
            if reach >= max(pictures.shape[1:3]):
                seen = np.any(one["moved"], axis=(1, 2, 3))
                yield (
                    np.any(seen) and not np.all(seen),
                    "All shifts from −reach to reach occur, also those by the size of a picture.",
                )

    @staticmethod
    def _judge_dots(dots, moved, reach):
        """What can be seen where a dot and a line are all that a picture shows."""
        rows, height, width, _ = dots.shape
        line, dot = dots[0, 0, 0, 0], dots[:, height // 2, width // 2][:, None, None]
        found, lines, columns, _ = np.nonzero(moved == dot)
        known = (moved == 0) | (moved == line) | (moved == dot)
        whole = np.array_equal(found, np.arange(rows)) and np.all(known)
        yield shown(whole, "Pictures are shifted by whole pixels, so they hold no new values.")
        if whole:
            down, right = lines - height // 2, columns - width // 2
            yield shown(
                max(np.abs(down).max(), np.abs(right).max()) <= reach,
                "No picture is moved farther than it may be.",
            )
            yield shown(
                len(set(zip(down.tolist(), right.tolist()))) > 4,
                "Each picture has a shift of its own.",
            )
            yield shown(
                down.min() < 0 < down.max() and right.min() < 0 < right.max(),
                "Pictures are shifted up and down, and left and right.",
            )
            yield shown(
                not np.any(moved[down < 0] == line),
                "What leaves the picture is gone, and zeros move in.",
            )

    @staticmethod
    def _judge_chance(shifts, reach):
        """Which shifts occur among at least 200; all pairs of them where the reach is 1."""
        steps = range(-reach, reach + 1)
        yield (
            all(set(one) == set(steps) for one in shifts.T),
            "All shifts from −reach to reach occur, down and to the right.",
        )
        pairs = {tuple(pair) for pair in shifts.tolist()}
        down, right = shifts.T
        together = max(np.mean(down == right), np.mean(down == -right))
        yield (
            len(pairs) == 9 if reach == 1 else together < 0.5,
            "The shift down and that to the right are drawn independently; both can be 0.",
        )
        lags = range(1, len(shifts) // 2) if reach > 1 else []
        same = [np.mean(np.all(shifts[lag:] == shifts[:-lag], axis=1)) for lag in lags]
        yield max(same, default=0) < 0.5, "Each picture has a shift of its own."


class TotalLoss(Check):
    """Loss and gradient of both parts, and of nothing else; training, inference, evaluation."""

    task = "total_loss"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            inputs = {
                "x": [[1, 0], [0, 1], [1, 1]],
                "clean": [[1, 2], [2, 0]],
                "augmented": [[0, 1], [-1, 1]],
                "kernel": [[1, -1], [0.5, 2]],
                "bias": [0, 0],
            }
            arrays = {name: np.array(one, "float32") for name, one in inputs.items()}
            arrays["y"] = np.array([0, 0, 1])
            weight = 2.0
        else:
            rows, features = int(rng.integers(4, 7)), int(rng.integers(3, 5))
            views, classes = int(rng.integers(2, 4)), int(rng.integers(2, 4))
            arrays = self._arrays(rng, rows, features, views, classes)
            arrays["bias"] *= 0
            weight = float(rng.integers(3, 6))
        settings = {"penalty": 0.0, "gain": 1.0, "rate": 0.1, "thorough": False}
        return arrays | settings | {"answers": arrays["x"] @ arrays["kernel"], "weight": weight}

    def given(self, rng):
        rows, features, classes = (int(rng.integers(low, low + 3)) for low in (4, 3, 3))
        arrays = self._arrays(rng, rows, features, 2 * rows + 1, classes)
        return arrays | {
            "answers": rng.normal(scale=2, size=(rows, classes)).astype("float32"),
            "weight": float(rng.uniform(1.5, 3)),
            "penalty": float(rng.uniform(0.05, 0.2)),
            "gain": float(rng.uniform(1.4, 2)),
            "rate": float(rng.uniform(0.05, 0.2)),
            "thorough": True,
        }

    @staticmethod
    def _arrays(rng, rows, features, views, classes):
        shapes = {
            "x": (rows, features),
            "clean": (views, features),
            "augmented": (views, features),
            "kernel": (features, classes),
            "bias": (classes,),
        }
        arrays = {name: rng.normal(size=shape).astype("float32") for name, shape in shapes.items()}
        return arrays | {"y": rng.permutation(np.arange(rows) % classes)}

    @staticmethod
    def run(student, x, y, clean, augmented, kernel, bias, answers, weight, **settings):
        import keras
        import tensorflow as tf
        from keras import ops

        class Gain(keras.layers.Layer):
            """Multiplies in training, and only there."""

            gain = 1.0

            def call(self, x, training=None):
                return x * self.gain if training else x

        inputs, layer = keras.Input(x.shape[1:]), Gain()
        penalty = keras.regularizers.L2(settings["penalty"])
        dense = keras.layers.Dense(bias.size, kernel_regularizer=penalty)
        network = keras.Model(inputs, dense(layer(inputs)))
        batch = {"labelled": x, "views": (clean, augmented)}

        def make(weight, gain):
            dense.set_weights([kernel, bias])
            layer.gain = gain
            model = student.SemiSupervised(
                network, lambda one, other: ops.mean(ops.square(2 * one - other)), weight
            )
            optimizer = keras.optimizers.SGD(settings["rate"])
            entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile(optimizer, entropy, jit_compile=False)
            return model

        def ask(weight, gain=1.0, training=True, answers=None):
            model = make(weight, gain)
            if settings["thorough"]:  # what came before does not matter
                other = {"labelled": x, "views": (augmented, clean)}
                model.compute_loss(x=other, y=y, y_pred=model(other, training=True))
            with tf.GradientTape() as tape:
                y_pred = model(batch, training=training)
                y_pred = y_pred if answers is None else tf.constant(answers)
                loss = model.compute_loss(x=batch, y=y, y_pred=y_pred, training=training)
            variables = network.trainable_variables
            slopes = tape.gradient(loss, variables, unconnected_gradients="zero")
            return {"loss": loss.numpy(), "slopes": [slope.numpy() for slope in slopes]}

        returned = {"without": ask(0.0), "with": ask(weight)}
        if settings["thorough"]:
            returned["training"] = ask(weight, settings["gain"])
            returned["inference"] = ask(weight, settings["gain"], training=False)
            returned["answers"] = ask(weight, answers=answers)
            model = make(weight, settings["gain"])
            returned["step"] = [float(model.train_on_batch(batch, y)), *dense.get_weights()]
            model = make(weight, settings["gain"])
            returned["evaluation"] = float(model.test_on_batch(x, y))
        return returned

    def returns(self, given):
        shapes = [Array(given["kernel"].shape), Array(given["bias"].shape)]
        names = ["without", "with"]
        if given["thorough"]:
            names += ["training", "inference", "answers"]
        forms = {name: {"loss": Array(()), "slopes": shapes} for name in names}
        if given["thorough"]:
            forms |= {"step": [float, *shapes], "evaluation": float}
        return forms

    def judge(self, given, returned):
        weight, gain = given["weight"], given["gain"]
        for name, one in {"without": 0.0, "with": weight}.items():
            loss, slopes = self._loss(given, one)
            yield shown(
                _close(returned[name]["loss"], loss),
                "The loss is that on labels, penalties of regularisers included, plus the weight "
                "times the unlabelled loss of the clean and the augmented views.",
            )
            yield shown(
                _all_close(returned[name]["slopes"], slopes),
                "The gradient passes the answers to labelled rows and to augmented views, and not "
                "those to clean views.",
            )
        if not given["thorough"]:
            return
        settings = {
            "training": self._loss(given, weight, gain),
            "inference": self._loss(given, weight),
            "answers": self._loss(given, weight, answers=given["answers"]),
        }
        sentences = {
            "training": "In training the network knows at every call that it is being trained.",
            "inference": "The network is told that it is not being trained where it is not.",
            "answers": "The loss on labels is that of the answers in `y_pred`.",
        }
        for name, (loss, slopes) in settings.items():
            yield (
                _close(returned[name]["loss"], loss)
                and _all_close(returned[name]["slopes"], slopes),
                sentences[name],
            )
        loss, slopes = settings["training"]
        moved = [given[name] - given["rate"] * one for name, one in zip(("kernel", "bias"), slopes)]
        yield (
            _close(returned["step"][0], loss) and _all_close(returned["step"][1:], moved),
            "A step of training by Keras follows the gradient of the loss.",
        )
        yield (
            _close(returned["evaluation"], self._loss(given, 0.0)[0]),
            "In evaluation, where there are no views, the loss is that on labels alone.",
        )

    @staticmethod
    def _loss(given, weight, gain=1.0, answers=None):
        """Closed form, and its gradients with respect to kernel and bias."""
        kernel, bias = given["kernel"].astype("float64"), given["bias"].astype("float64")
        x, clean, augmented = (gain * given[name] for name in ("x", "clean", "augmented"))
        rows = np.arange(len(x))
        given_answers = answers is not None
        answers = answers if given_answers else x @ kernel + bias
        from_labels = _softmax(answers)
        from_labels[rows, given["y"]] -= 1
        from_labels *= 0 if given_answers else 1 / len(x)
        difference = 2 * (clean @ kernel + bias) - (augmented @ kernel + bias)
        from_views = -2 * weight * difference / difference.size
        loss = -np.mean(_log_softmax(answers)[rows, given["y"]])
        loss += weight * np.mean(difference**2) + given["penalty"] * np.sum(kernel**2)
        slope = x.T @ from_labels + augmented.T @ from_views + 2 * given["penalty"] * kernel
        return loss, [slope, from_labels.sum(axis=0) + from_views.sum(axis=0)]


class Teacher(Check):
    """θ' ← m θ' + (1 − m) θ, in variables of its own."""

    task = "ema_teacher"
    points = 4
    points_shown = 2

    def example(self, rng):
        if rng is None:
            rng = np.random.default_rng(0)
            start = _weights(rng, ["stem", "norm", "out"], 3, 4, 2)
            start["norm"] = [np.array(one, "float32") for one in ([1] * 4, [0] * 4, range(1, 5))]
            start["norm"].append(np.ones(4, "float32"))
            learned = {name: [one + 1 for one in values] for name, values in start.items()}
            sizes, momentum = (3, 4, 2), 0.75
        else:
            sizes, momentum = rng.choice([2, 3, 4, 5], size=3, replace=False), rng.uniform(0.3, 0.9)
            start, learned = (_weights(rng, ["stem", "norm", "out"], *sizes) for _ in range(2))
        x = rng.normal(size=(5, int(sizes[0]))).astype("float32")
        student = {"kind": "chain", "frozen": "", "start": start, "learned": [learned]}
        return {"x": x, "students": [student], "momenta": [[float(momentum)]]}

    def given(self, rng):
        sizes = [int(size) for size in rng.choice([3, 4, 5, 6], size=3, replace=False)]
        students = []
        for kind, frozen in (("branched", "branch"), ("sequential", "stem"), ("chain", "")):
            between = {"branched": ["branch"], "sequential": ["bend"], "chain": []}
            names = ["stem", "norm", *between[kind], "out"]
            start, *learned = (_weights(rng, names, *sizes) for _ in range(3))
            students.append({"kind": kind, "frozen": frozen, "start": start, "learned": learned})
        low, high = float(rng.uniform(0.2, 0.4)), float(rng.uniform(0.6, 0.9))
        return {
            "x": rng.normal(size=(7, sizes[0])).astype("float32"),
            "students": students,
            "momenta": [[high, low, high, 1.0], [low, high, 0.0]],
        }

    @staticmethod
    def run(student, x, students, momenta):
        import keras
        from keras import ops

        def build(kind, sizes):
            stem = keras.layers.Dense(sizes[0], name="stem")
            norm = keras.layers.BatchNormalization(name="norm")
            out = keras.layers.Dense(sizes[-1], name="out")
            inputs = keras.Input(x.shape[1:])
            if kind == "sequential":
                bend = keras.layers.PReLU(name="bend")
                return keras.Sequential([inputs, stem, norm, bend, keras.layers.Dropout(0.5), out])
            h = norm(stem(inputs))
            if kind == "branched":
                branch = keras.layers.Dense(sizes[0], activation="tanh", name="branch")(h)
                h = keras.layers.Add(name="join")([h, branch])
            return keras.Model(inputs, out(h))

        def learn(model, weights):
            for name, values in weights.items():
                model.get_layer(name).set_weights(values)

        def teach(kind, frozen, start, learned):
            model = build(kind, [start["stem"][1].size, start["out"][1].size])
            if frozen:
                model.get_layer(frozen).trainable = False
            learn(model, start)
            teacher = student.make_teacher(model)
            shared = {id(v) for v in teacher.weights} & {id(v) for v in model.weights}
            returned = {"own": not shared, "spared": model.get_weights()}
            returned["layers"] = [type(layer).__name__ for layer in teacher.layers]
            returned["answers"] = [ops.convert_to_numpy(teacher(x))]
            returned["followed"], returned["later"] = [], []
            for weights, shares in zip(learned, momenta):
                learn(model, weights)
                returned["followed"].append(teacher.get_weights())
                for share in shares:
                    student.follow(teacher, model, share)
                    returned["followed"].append(teacher.get_weights())
                returned["later"].append(student.make_teacher(model).get_weights())
            returned["answers"].append(ops.convert_to_numpy(teacher(x)))
            trained = {id(variable) for variable in model.trainable_variables}
            returned["trainable"] = [id(variable) in trained for variable in model.weights]
            returned["taught"] = len(teacher.trainable_variables)
            return returned | {"student": model.get_weights()}

        return [teach(**one) for one in students]

    def returns(self, given):
        def form(start, learned):
            weights = [Array(one.shape) for values in start.values() for one in values]
            answers = Array((len(given["x"]), start["out"][1].size))
            steps = len(learned) + sum(map(len, given["momenta"]))
            return {
                "own": bool,
                "spared": weights,
                "layers": [str, ...],
                "answers": [answers] * 2,
                "followed": [weights] * steps,
                "later": [weights] * len(learned),
                "trainable": [bool] * len(weights),
                "taught": int,
                "student": weights,
            }

        return [form(one["start"], one["learned"]) for one in given["students"]]

    def judge(self, given, returned):
        for one, found in zip(given["students"], returned):
            yield from self._judge(given, one, found)

    def _judge(self, given, student, returned):
        start, *learned = map(_flat, [student["start"], *student["learned"]])
        teacher, followed = start, returned["followed"]
        yield shown(_all_close(followed[0], start), "The teacher starts where its student is.")
        yield shown(
            returned["own"] and _all_close(followed[0], start),
            "The teacher stays where it is when only the student moves: its variables are its own.",
        )
        yield shown(returned["taught"] == 0, "No variable of the teacher is trainable.")
        yield shown(
            returned["trainable"] == self._trainable(student),
            "What is trainable in the student stays so, and what is not stays so, too.",
        )
        yield shown(
            _all_close(returned["spared"], start) and _all_close(returned["student"], learned[-1]),
            "Neither making a teacher nor following moves the student.",
        )
        sentence = (
            "In each step every weight and every moving statistic keeps the share m of the "
            "teacher's value, and takes the rest from the student's."
        )
        met, place = True, 0
        for values, shares in zip(learned, given["momenta"]):
            met = met and _all_close(followed[place], teacher)
            for share in shares:
                place += 1
                teacher = [share * old + (1 - share) * new for old, new in zip(teacher, values)]
                met = met and _all_close(followed[place], teacher)
            place += 1
        yield shown(met, sentence)
        yield (
            all(map(_all_close, returned["later"], learned)),
            "A teacher that is made later starts where the student is then.",
        )
        yield returned["layers"] == self._layers(student), "The teacher has the student's layers."
        names, x = list(student["start"]), given["x"]
        yield (
            _close(returned["answers"][0], _answers(x, names, start))
            and _close(returned["answers"][1], _answers(x, names, teacher)),
            "With the same values, teacher and student give the same answers.",
        )

    @staticmethod
    def _trainable(student):
        """Whether each weight of the student is trainable."""
        return [
            name != student["frozen"] and (name != "norm" or place < 2)
            for name, values in student["start"].items()
            for place in range(len(values))
        ]

    @staticmethod
    def _layers(student):
        between = {"chain": [], "sequential": ["PReLU", "Dropout"], "branched": ["Dense", "Add"]}
        layers = ["Dense", "BatchNormalization", *between[student["kind"]], "Dense"]
        return layers if student["kind"] == "sequential" else ["InputLayer", *layers]


def _log_softmax(logits):
    logits = logits.astype("float64")
    logits = logits - logits.max(axis=1, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def _softmax(logits):
    return np.exp(_log_softmax(logits))


def _divergence(target, logits):
    """KL(p ‖ q) of each row."""
    return np.sum(_softmax(target) * (_log_softmax(target) - _log_softmax(logits)), axis=1)


def _shifts(pictures, moved, reach):
    """How far each picture went down and to the right; one that was not moved so is left out.

    One of which nothing is left may have gone anywhere, and counts once.
    """
    _, height, width, _ = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    steps = range(-reach, reach + 1)
    found = {
        row: (down, right)
        for down in steps
        for right in steps
        for row in np.flatnonzero(
            np.all(
                padded[:, reach - down :, reach - right :][:, :height, :width] == moved,
                axis=(1, 2, 3),
            )
        )
    }
    return np.array([found[row] for row in sorted(found)], dtype=int).reshape(-1, 2)


def _weights(rng, names, features, units, outputs):
    """Weights of layers by name."""
    sizes = {"stem": (features, units), "branch": (units, units), "out": (units, outputs)}
    weights = {}
    for name in names:
        if name == "norm":
            arrays = [rng.uniform(0.5, 2, size=units) for _ in range(4)]
        elif name == "bend":
            arrays = [rng.uniform(0.1, 0.9, size=units)]
        else:
            kernel = rng.normal(scale=sizes[name][0] ** -0.5, size=sizes[name])
            arrays = [kernel, rng.normal(size=sizes[name][1])]
        weights[name] = [array.astype("float32") for array in arrays]
    return weights


def _flat(weights):
    return [one.astype("float64") for values in weights.values() for one in values]


def _answers(x, names, weights):
    """What the network of `Teacher` answers, with weights in the order of its layers."""
    weights = iter(weights)
    for name in names:
        if name == "norm":
            gamma, beta, mean, variance = (next(weights) for _ in range(4))
            x = gamma * (x - mean) / np.sqrt(variance + 1e-3) + beta
        elif name == "bend":
            x = np.where(x > 0, x, next(weights) * x)
        else:
            h = x @ next(weights) + next(weights)
            x = x + np.tanh(h) if name == "branch" else h
    return x


def _all_equal(found, expected):
    return all(map(np.array_equal, found, expected))


def _close(found, expected):
    return np.shape(found) == np.shape(expected) and np.allclose(
        found, expected, rtol=1e-4, atol=1e-5
    )


def _all_close(found, expected):
    return len(found) == len(expected) and all(map(_close, found, expected))
