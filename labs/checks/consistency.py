"""Hidden checks of the lab `consistency`."""

import numpy as np

from course_lib.classroom.checks import Check


class Divergence(Check):
    """KL(p ‖ q) with a stopped target, whatever the size of the logits."""

    task = "kl_divergence"

    def given(self, rng):
        rows, classes = int(rng.integers(5, 9)), int(rng.integers(3, 6))
        large = np.tile(np.linspace(-400, 400, classes), (rows, 1))
        return {
            "target": rng.normal(scale=2, size=(rows, classes)).astype("float32"),
            "logits": rng.normal(scale=2, size=(rows, classes)).astype("float32"),
            "large": rng.permuted(large, axis=1).astype("float32"),
            "weights": rng.uniform(0.5, 2, size=rows).astype("float32"),
        }

    @staticmethod
    def run(student, target, logits, large, weights):
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

        return {
            "usual": evaluate(target, logits),
            "equal": evaluate(target, target + 1),
            "large_target": evaluate(large, logits),
            "large_logits": evaluate(target, large),
        }

    def judge(self, given, returned):
        target, logits, large = given["target"], given["logits"], given["large"]
        answers = {
            "usual": (target, logits),
            "equal": (target, target + 1),
            "large_target": (large, logits),
            "large_logits": (target, large),
        }
        sentences = {
            "usual": "Each row's value is the divergence of its answer from its target, KL(p ‖ q).",
            "equal": "The divergence of equal answers is 0, whatever is added to all logits.",
            "large_target": "The divergence is right where the logits of p are large, too.",
            "large_logits": "The divergence is right where the logits of q are large, too.",
        }
        for name, (p, q) in answers.items():
            values, to_target, to_logits = returned[name]
            yield _close(values, _divergence(p, q)), sentences[name]
            yield not np.any(to_target), "No gradient passes the target, not even a small one."
            gradient = given["weights"][:, None] * (_softmax(q) - _softmax(p))
            yield (
                _close(to_logits, gradient),
                "The gradient of a row's value with respect to the logits of q is q − p.",
            )


class SharpenAndMask(Check):
    """The target is sharpened, the mask is not, and all rows count in the mean."""

    task = "uda_loss"

    def given(self, rng):
        rows, classes = int(rng.integers(10, 15)), int(rng.integers(3, 6))
        clean = rng.normal(scale=1.5, size=(rows, classes)).astype("float32")
        surest = np.sort(_softmax(clean).max(axis=1))
        middle = np.arange(rows // 3, 2 * rows // 3)
        widest = middle[np.argmax(np.diff(surest)[middle])]
        return {
            "clean": clean,
            "augmented": rng.normal(scale=1.5, size=(rows, classes)).astype("float32"),
            "temperature": float(rng.uniform(0.2, 0.5)),
            "threshold": float(surest[widest : widest + 2].mean()),
        }

    @staticmethod
    def run(student, clean, augmented, temperature, threshold):
        import tensorflow as tf
        from keras import ops

        def divergence(target, logits):
            difference = ops.stop_gradient(ops.softmax(target)) - ops.softmax(logits)
            return ops.sum(ops.square(difference), axis=-1)

        def evaluate(temperature, threshold):
            answers = [tf.constant(clean), tf.constant(augmented)]
            with tf.GradientTape() as tape:
                tape.watch(answers)
                loss = student.uda_loss(*answers, divergence, temperature, threshold)
            gradients = tape.gradient(loss, answers, unconnected_gradients="zero")
            return [loss.numpy(), *(gradient.numpy() for gradient in gradients)]

        return {
            "plain": evaluate(1.0, -1.0),
            "sharpened": evaluate(temperature, -1.0),
            "masked": evaluate(1.0, threshold),
            "both": evaluate(temperature, threshold),
            "none": evaluate(temperature, 1.0),
        }

    def judge(self, given, returned):
        temperature, threshold = given["temperature"], given["threshold"]
        settings = {
            "plain": (1.0, -1.0, "Without sharpening and mask, the loss is the mean divergence."),
            "sharpened": (
                temperature,
                -1.0,
                "The temperature divides the logits of the target, and no others.",
            ),
            "masked": (
                1.0,
                threshold,
                "Rows of which the network is not sure count as 0 in the mean over all rows.",
            ),
            "both": (
                temperature,
                threshold,
                "With both, the mask looks at the clean answer before that is sharpened.",
            ),
            "none": (temperature, 1.0, "If no row counts, loss and gradient are 0."),
        }
        for name, (temperature, threshold, sentence) in settings.items():
            loss, to_clean, to_augmented = returned[name]
            expected, gradient = self._loss(given, temperature, threshold)
            yield _close(loss, expected), sentence
            yield (
                _close(to_augmented, gradient),
                "The gradient passes the answers to augmented views as it does in a mean over all "
                "rows, and is 0 in those that do not count.",
            )
            yield not np.any(to_clean), "No gradient passes the answers to the clean views."

    @staticmethod
    def _loss(given, temperature, threshold):
        """Closed form, for the squared distance of answers, and its gradient."""
        q = _softmax(given["augmented"])
        difference = _softmax(given["clean"] / temperature) - q
        counts = _softmax(given["clean"]).max(axis=1, keepdims=True) > threshold
        slope = -2 * q * (difference - np.sum(q * difference, axis=1, keepdims=True))
        return np.mean(counts * difference**2) * q.shape[1], counts * slope / len(q)


class ShiftPictures(Check):
    """Every picture is its original, moved by whole pixels of its own."""

    task = "shift_pictures"

    def given(self, rng):
        height, width = rng.permutation(np.arange(8, 11))[:2]
        return {
            "pictures": rng.integers(1, 256, size=(200, height, width, 3)).astype("uint8"),
            "decimal": rng.uniform(0.1, 1, size=(20, width, height, 1)).astype("float32"),
            "reach": int(rng.integers(2, 4)),
            "seed": int(rng.integers(2**32)),
        }

    @staticmethod
    def run(student, pictures, decimal, reach, seed):
        import numpy as np

        rng = np.random.default_rng(seed)
        returned = {
            "moved": np.asarray(student.shift_pictures(pictures, reach, rng)),
            "more": np.asarray(student.shift_pictures(pictures, reach, rng)),
            "decimal": np.asarray(student.shift_pictures(decimal, reach, rng)),
        }
        rng = np.random.default_rng(seed)
        returned["again"] = np.asarray(student.shift_pictures(pictures, reach, rng))
        returned["kept"] = [pictures, decimal]
        return returned

    def judge(self, given, returned):
        pictures, decimal, reach = given["pictures"], given["decimal"], given["reach"]
        yield (
            returned["moved"].shape == pictures.shape
            and returned["decimal"].shape == decimal.shape
            and returned["moved"].dtype == pictures.dtype
            and returned["decimal"].dtype == decimal.dtype,
            "Shape and dtype stay as they are.",
        )
        yield (
            all(map(np.array_equal, returned["kept"], (pictures, decimal))),
            "The given pictures stay as they are.",
        )
        shifts = _shifts(pictures, returned["moved"], reach)
        whole = len(shifts) == len(pictures)
        yield (
            whole and len(_shifts(decimal, returned["decimal"], reach)) == len(decimal),
            "Each picture is the given one, moved by whole pixels, no farther than it may be, with "
            "zeros where nothing was: not mirrored, not wrapped around, all channels together.",
        )
        if whole:
            steps = set(range(-reach, reach + 1))
            yield (
                set(shifts[:, 0]) == steps and set(shifts[:, 1]) == steps,
                "All shifts from −reach to reach occur, down and to the right.",
            )
            down, right = shifts.T
            yield (
                max(np.mean(down == right), np.mean(down == -right)) < 0.5,
                "The shift down and that to the right are drawn independently.",
            )
            yield (
                np.mean(np.all(shifts[1:] == shifts[:-1], axis=1)) < 0.5,
                "Each picture has a shift of its own.",
            )
        yield (
            np.array_equal(returned["moved"], returned["again"])
            and not np.array_equal(returned["moved"], returned["more"]),
            "The generator is the only source of chance: the same seed gives the same pictures, "
            "and the next call other ones.",
        )


class TotalLoss(Check):
    """A step by Keras follows the gradient of both parts, and of nothing else."""

    task = "total_loss"

    def given(self, rng):
        rows, features, classes = int(rng.integers(4, 7)), int(rng.integers(3, 6)), 3
        views = 2 * rows + 1
        return {
            "x": rng.normal(size=(rows, features)).astype("float32"),
            "y": rng.integers(classes, size=rows),
            "clean": rng.normal(size=(views, features)).astype("float32"),
            "augmented": rng.normal(size=(views, features)).astype("float32"),
            "kernel": rng.normal(size=(features, classes)).astype("float32"),
            "bias": rng.normal(size=classes).astype("float32"),
            "weight": float(rng.uniform(0.3, 3)),
            "rate": float(rng.uniform(0.05, 0.2)),
        }

    @staticmethod
    def run(student, x, y, clean, augmented, kernel, bias, weight, rate):
        import keras
        from keras import ops

        modes = []

        class Note(keras.layers.Layer):
            """Notes whether it is called in training."""

            def call(self, x, training=None):
                modes.append(bool(training))
                return x

        inputs = keras.Input(x.shape[1:])
        dense = keras.layers.Dense(bias.size)
        network = keras.Model(inputs, dense(Note()(inputs)))

        def unlabelled_loss(clean, augmented):
            return ops.mean(ops.square(2 * clean - augmented))

        returned = {}
        for name, part in {"without": 0.0, "with": weight}.items():
            dense.set_weights([kernel, bias])
            model = student.SemiSupervised(network, unlabelled_loss, part)
            model.compile(
                keras.optimizers.SGD(rate),
                keras.losses.SparseCategoricalCrossentropy(from_logits=True),
                run_eagerly=True,  # so few steps need no graph
            )
            modes.clear()
            loss = model.train_on_batch({"labelled": x, "views": (clean, augmented)}, y)
            returned[name] = {"loss": float(loss), "weights": dense.get_weights()}
            returned[name]["modes"] = list(modes)
        dense.set_weights([kernel, bias])
        model.reset_metrics()
        modes.clear()
        returned["evaluated"] = {"loss": float(model.test_on_batch(x, y)), "modes": list(modes)}
        return returned

    def judge(self, given, returned):
        kernel, bias = given["kernel"].astype("float64"), given["bias"].astype("float64")
        x, rows = given["x"], np.arange(len(given["x"]))
        answers = x @ kernel + bias
        entropy = -np.mean(_log_softmax(answers)[rows, given["y"]])
        from_labels = _softmax(answers)
        from_labels[rows, given["y"]] -= 1
        from_labels /= len(x)
        clean, augmented = given["clean"] @ kernel + bias, given["augmented"] @ kernel + bias
        difference = 2 * clean - augmented
        from_views = -2 * difference / difference.size

        for name, weight in {"without": 0.0, "with": given["weight"]}.items():
            found = returned[name]
            yield (
                _close(found["loss"], entropy + weight * np.mean(difference**2)),
                "The loss is the cross entropy of the labels, plus the weight times the unlabelled "
                "loss of the clean and the augmented views.",
            )
            slopes = (
                x.T @ from_labels + weight * given["augmented"].T @ from_views,
                from_labels.sum(axis=0) + weight * from_views.sum(axis=0),
            )
            moved = [kernel - given["rate"] * slopes[0], bias - given["rate"] * slopes[1]]
            yield (
                all(map(_close, found["weights"], moved)),
                "A step of training follows the gradient through the answers to labelled rows and "
                "to augmented views, and not through those to clean views.",
            )
            yield (
                all(found["modes"]),
                "In training the network knows at every call that it is being trained.",
            )
        yield (
            _close(returned["evaluated"]["loss"], entropy)
            and not any(returned["evaluated"]["modes"]),
            "In evaluation, where there are no views, the loss is that on labels alone.",
        )


class Teacher(Check):
    """θ' ← m θ' + (1 − m) θ, in variables of its own."""

    task = "ema_teacher"

    def given(self, rng):
        features = int(rng.integers(3, 6))

        def weights():
            return {
                "stem": _dense(rng, features, 4),
                "norm": [rng.uniform(0.5, 2, size=4).astype("float32") for _ in range(4)],
                "branch": _dense(rng, 4, 4),
                "out": _dense(rng, 4, 2),
            }

        return {
            "x": rng.normal(size=(5, features)).astype("float32"),
            "start": weights(),
            "learned": weights(),
            "momentum": float(rng.uniform(0.6, 0.95)),
            "steps": int(rng.integers(3, 7)),
        }

    @staticmethod
    def run(student, x, start, learned, momentum, steps):
        import keras
        from keras import ops

        inputs = keras.Input(x.shape[1:])
        h = keras.layers.Dense(4, name="stem")(inputs)
        h = keras.layers.BatchNormalization(name="norm")(h)
        branch = keras.layers.Dense(4, activation="tanh", name="branch")(h)
        h = keras.layers.Add(name="join")([h, branch])
        model = keras.Model(inputs, keras.layers.Dense(2, name="out")(h))

        def learn(weights):
            for name, values in weights.items():
                model.get_layer(name).set_weights(values)

        def answers():
            return [ops.convert_to_numpy(network(x)) for network in (teacher, model)]

        learn(start)
        teacher = student.make_teacher(model)
        returned = {"at_first": answers()}
        returned["trainable"] = [len(teacher.trainable_variables), len(model.trainable_variables)]
        learn(learned)
        returned["apart"] = answers()
        returned["untaught"] = teacher.get_weights()
        for _ in range(steps):
            student.follow(teacher, model, momentum)
        returned["followed"] = teacher.get_weights()
        student.follow(teacher, model, 1.0)
        returned["stayed"] = teacher.get_weights()
        student.follow(teacher, model, 0.0)
        returned["jumped"] = teacher.get_weights()
        returned["at_last"] = answers()
        returned["student"] = model.get_weights()
        return returned

    def judge(self, given, returned):
        start, learned = (
            [weight for values in given[name].values() for weight in values]
            for name in ("start", "learned")
        )
        yield (
            _all_close(returned["untaught"], start),
            "The teacher starts where its student is, and stays there when only the student moves: "
            "its variables are its own.",
        )
        yield (
            _close(*returned["at_first"]) and _close(*returned["at_last"]),
            "With the same values, teacher and student give the same answers.",
        )
        yield (
            not _close(*returned["apart"]),
            "Once the student has moved, its teacher does not agree with it.",
        )
        yield (
            returned["trainable"] == [0, 8],
            "No variable of the teacher is trainable, and all of the student's stay so.",
        )
        rest = given["momentum"] ** given["steps"]
        expected = [rest * old + (1 - rest) * new for old, new in zip(start, learned)]
        yield (
            _all_close(returned["followed"], expected),
            "In each step every weight and every moving statistic keeps the share m of the "
            "teacher's value, and takes the rest from the student's.",
        )
        yield (
            _all_close(returned["stayed"], returned["followed"]),
            "With a momentum of 1 the teacher stays where it is.",
        )
        yield (
            _all_close(returned["jumped"], learned),
            "With a momentum of 0 the teacher is where its student is.",
        )
        yield _all_close(returned["student"], learned), "Following does not move the student."


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
    """How far each picture went down and to the right; one that was not moved so is left out."""
    _, height, width, _ = pictures.shape
    padded = np.pad(pictures, [(0, 0), (reach, reach), (reach, reach), (0, 0)])
    steps = range(-reach, reach + 1)
    found = [
        (row, down, right)
        for down in steps
        for right in steps
        for row in np.flatnonzero(
            np.all(
                padded[:, reach - down :, reach - right :][:, :height, :width] == moved,
                axis=(1, 2, 3),
            )
        )
    ]
    return np.array(sorted(found), dtype=int).reshape(-1, 3)[:, 1:]


def _dense(rng, features, units):
    """Kernel and bias of a layer."""
    kernel = rng.normal(scale=features**-0.5, size=(features, units))
    return [kernel.astype("float32"), rng.normal(size=units).astype("float32")]


def _close(found, expected):
    return np.shape(found) == np.shape(expected) and np.allclose(
        found, expected, rtol=1e-4, atol=1e-5
    )


def _all_close(found, expected):
    return len(found) == len(expected) and all(map(_close, found, expected))
