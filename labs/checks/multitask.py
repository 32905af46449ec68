"""Hidden checks of the lab `multitask`."""

import numpy as np

from course_lib.classroom.checks import Check


class SharedTrunk(Check):
    """Each row meets the head of its own task, and every task has a head."""

    task = "shared_trunk"

    def given(self, rng):
        tasks, features, hidden, rows = 5, int(rng.integers(3, 7)), 4, 24
        return {
            "tasks": tasks,
            "features": features,
            "hidden": hidden,
            "h": rng.normal(size=(rows, features)).astype("float32"),
            "row_tasks": rng.permutation(np.arange(rows) % tasks).astype("int32"),
            "weights": rng.normal(size=1000).astype("float32"),
        }

    @staticmethod
    def run(student, tasks, features, hidden, h, row_tasks, weights):
        import keras
        import numpy as np

        def randomize(layer):
            for weight in layer.trainable_weights:
                size = int(np.prod(weight.shape))
                weight.assign(weights[:size].reshape(weight.shape))
                weights[:] = np.roll(weights, -size)

        heads = student.TaskHeads(tasks)
        heads(h, row_tasks)
        randomize(heads)

        def outputs(inputs):
            """Output of every task for every row of the inputs."""
            rows = [heads(inputs, np.full(len(inputs), t, "int32")) for t in range(tasks)]
            return np.stack([keras.ops.convert_to_numpy(row) for row in rows], axis=1)

        model = student.shared_trunk(tasks, features, hidden)
        randomize(model)
        x = np.concatenate([h, -h, 0 * h])
        predicted = keras.ops.convert_to_numpy(model([x, np.tile(row_tasks, 3)]))
        return {
            "mixed": keras.ops.convert_to_numpy(heads(h, row_tasks)),
            "zero": outputs(np.zeros((1, features), "float32")),
            "basis": outputs(np.eye(features, dtype="float32")),
            "parameters": sum(int(np.prod(weight.shape)) for weight in heads.trainable_weights),
            "model_parameters": int(model.count_params()),
            "model_shape": list(predicted.shape),
            "bend": predicted[: len(h)]
            + predicted[len(h) : 2 * len(h)]
            - 2 * predicted[2 * len(h) :],
        }

    def judge(self, given, returned):
        tasks, features, hidden = given["tasks"], given["features"], given["hidden"]
        bias = returned["zero"][0]
        kernels = (returned["basis"] - bias).T
        expected = (
            np.sum(given["h"] * kernels[given["row_tasks"]], axis=1) + bias[given["row_tasks"]]
        )
        yield (
            returned["mixed"].shape == expected.shape
            and np.allclose(returned["mixed"], expected, atol=1e-4),
            "In a batch of mixed tasks, a row's output is its features times the kernel of its own "
            "task, plus that task's bias.",
        )
        yield _all_differ(kernels), "Every task has a kernel of its own."
        yield _all_differ(bias[:, None]), "Every task has a bias of its own."
        yield (
            returned["parameters"] == tasks * (features + 1),
            "The heads hold one kernel and one bias a task, and nothing else.",
        )
        yield (
            returned["model_parameters"] == (features + 1) * hidden + tasks * (hidden + 1),
            "The model holds one hidden layer, the same for all tasks, and one head a task.",
        )
        yield (
            returned["model_shape"] == [3 * len(given["h"])],
            "The model returns one output a row, of shape (batch,).",
        )
        yield np.abs(returned["bend"]).max() > 1e-3, "The hidden layer uses ReLU."


class MaskedLoss(Check):
    """Missing labels leave no trace in the value or the gradient."""

    task = "masked_loss"

    def given(self, rng):
        y_true = rng.normal(size=(7, 4)).astype("float32")
        some = y_true.copy()
        some[rng.random(some.shape) < 0.4] = np.nan
        some[0, 0], some[0, 1] = 1.0, np.nan
        return {
            "none_missing": y_true,
            "some_missing": some,
            "all_missing": np.full_like(y_true, np.nan),
            "y_pred": rng.normal(size=y_true.shape).astype("float32"),
        }

    @staticmethod
    def run(student, y_pred, **y_true):
        import keras
        import tensorflow as tf

        returned = {}
        for name, labels in y_true.items():
            predicted = tf.Variable(y_pred)
            with tf.GradientTape() as tape:
                loss = student.masked_loss(
                    keras.ops.convert_to_tensor(labels), tf.convert_to_tensor(predicted)
                )
            gradient = tape.gradient(loss, predicted, unconnected_gradients="zero")
            returned[name] = {"loss": float(loss), "gradient": gradient.numpy()}
        return returned

    def judge(self, given, returned):
        sentences = {
            "none_missing": "With no label missing, the loss is the mean squared error.",
            "some_missing": "The loss is the mean squared error over the present labels alone.",
            "all_missing": "With all labels missing, the loss is 0.",
        }
        for name, sentence in sentences.items():
            present = ~np.isnan(given[name])
            error = np.where(present, given["y_pred"] - given[name], 0)
            count = max(present.sum(), 1)
            yield np.isclose(returned[name]["loss"], np.sum(error**2) / count, rtol=1e-4), sentence
            yield (
                np.allclose(returned[name]["gradient"], 2 * error / count, atol=1e-5),
                "The gradient is finite, zero at missing labels, and elsewhere that of the mean "
                "over the present ones.",
            )


class AccumulatedGradients(Check):
    """One step on the sum of all tasks' gradients."""

    task = "accumulated_gradients"

    def given(self, rng):
        tasks, features, hidden = 3, 4, 2
        rows = rng.permutation([2, 5, 11])
        return {
            "x": [rng.normal(size=(n, features)).astype("float32") for n in rows],
            "y": [rng.normal(size=n).astype("float32") for n in rows],
            "weights": [
                rng.normal(size=shape).astype("float32")
                for shape in [(features, hidden), (hidden,), (tasks, hidden, 1), (tasks, 1)]
            ],
            "rate": float(rng.uniform(0.01, 0.1)),
        }

    @staticmethod
    def run(student, x, y, weights, rate):
        import keras
        import numpy as np

        from course_lib.multitask.sharing import shared_trunk

        model = shared_trunk(len(x), x[0].shape[1], [weights[1].size], activation="linear")
        model.set_weights(weights)
        model = keras.Model(model.inputs, keras.layers.Reshape(())(model.outputs[0]))
        unused = model.add_weight(shape=(2,), initializer="ones", name="unused")
        batches = [
            ([x_t, np.full(len(x_t), t, "int32")], y_t) for t, (x_t, y_t) in enumerate(zip(x, y))
        ]

        gradients = student.accumulated_gradients(model, batches)
        kept = [v for v in model.trainable_variables if v is not unused]
        before = [keras.ops.convert_to_numpy(v) for v in kept]
        optimizer = keras.optimizers.SGD(rate)
        student.method_one_step(model, optimizer, batches)
        by_variable = {id(v): g for v, g in zip(model.trainable_variables, gradients)}
        return {
            "count": [len(gradients), len(model.trainable_variables)],
            "gradients": [keras.ops.convert_to_numpy(by_variable[id(v)]) for v in kept],
            "unused": [
                keras.ops.convert_to_numpy(by_variable[id(unused)]),
                keras.ops.convert_to_numpy(unused),
            ],
            "before": before,
            "after": [keras.ops.convert_to_numpy(v) for v in kept],
            "steps": int(optimizer.iterations),
        }

    def judge(self, given, returned):
        expected = self._gradients(given)
        moved = [weight - given["rate"] * g for weight, g in zip(given["weights"], expected)]
        yield (
            returned["count"][0] == returned["count"][1],
            "There is one gradient for each trainable variable.",
        )
        yield (
            _all_close(returned["gradients"], expected),
            "The gradients are the sum of all tasks' gradients of their mean squared error.",
        )
        yield (
            _all_close(returned["unused"], [np.zeros(2), np.ones(2)]),
            "A variable that no task reaches has a gradient of zero.",
        )
        yield (
            _all_close(returned["before"], given["weights"]),
            "Computing the gradients moves no weight.",
        )
        yield returned["steps"] == 1, "The optimizer takes exactly one step for all tasks together."
        yield _all_close(returned["after"], moved), "The step follows the accumulated gradients."

    @staticmethod
    def _gradients(given):
        """Closed form, for a linear trunk: predictions (x w + c) k_t + b_t."""
        w, c, k, b = (weight.astype("float64") for weight in given["weights"])
        gradients = [np.zeros_like(weight) for weight in (w, c, k, b)]
        for t, (x, y) in enumerate(zip(given["x"], given["y"])):
            h = x @ w + c
            error = 2 * (h @ k[t] + b[t] - y[:, None]) / len(y)
            gradients[0] += x.T @ error @ k[t].T
            gradients[1] += (error @ k[t].T).sum(axis=0)
            gradients[2][t] += h.T @ error
            gradients[3][t] += error.sum(axis=0)
        return gradients


class SampleTasks(Check):
    """Tasks are drawn as often as they should be, independently, from the generator alone."""

    task = "sample_tasks"

    def given(self, rng):
        return {
            "sizes": rng.permutation([5, 15, 30, 50]),
            "steps": 4000,
            "seed": int(rng.integers(2**32)),
        }

    @staticmethod
    def run(student, sizes, steps, seed):
        import numpy as np

        def draw(kind, sizes=sizes):
            return np.asarray(student.sample_tasks(sizes, steps, kind, np.random.default_rng(seed)))

        try:
            draw("neither")
            refused = False
        except ValueError:
            refused = True
        return {
            "uniform": draw("uniform"),
            "size": draw("size"),
            "size_again": draw("size", sizes.tolist()),
            "refused": refused,
        }

    def judge(self, given, returned):
        sizes, steps = given["sizes"], given["steps"]
        tasks = len(sizes)
        shares = {"uniform": np.full(tasks, 1 / tasks), "size": sizes / sizes.sum()}
        sentences = {
            "uniform": 'With "uniform", all tasks are drawn equally often, whatever their sizes.',
            "size": 'With "size", each task is drawn in proportion to its rows.',
        }
        for kind, share in shares.items():
            drawn = returned[kind]
            valid = (
                drawn.shape == (steps,)
                and drawn.dtype.kind in "iu"
                and drawn.min() >= 0
                and drawn.max() < tasks
            )
            yield valid, "The result is one whole number a step, from 0 to tasks − 1."
            if not valid:
                continue
            often = np.bincount(drawn, minlength=tasks)
            yield np.all(np.abs(often - steps * share) < _five_sigma(share, steps)), sentences[kind]
            stays = np.sum(share**2)
            repeats = np.sum(drawn[1:] == drawn[:-1])
            yield (
                np.abs(repeats - stays * (steps - 1)) < 2 * _five_sigma(stays, steps),
                "Draws are independent: what was drawn last has no say in what comes next.",
            )
        yield (
            np.array_equal(returned["size"], returned["size_again"]),
            "The generator is the only source of chance: the same seed draws the same tasks.",
        )
        yield returned["refused"], 'A draw of neither "uniform" nor "size" raises a ValueError.'


class BlandAltman(Check):
    """Bias and limits of agreement."""

    task = "bland_altman"

    def given(self, rng):
        actual = rng.normal(50, 10, size=9)
        return {
            "actual": actual,
            "high": actual + rng.normal(3, 2, size=9),
            "low": actual - 4 + rng.normal(0, 5, size=9),
            "exact": actual.copy(),
        }

    @staticmethod
    def run(student, actual, **predicted):
        agreements = {
            name: student.bland_altman(values, actual) for name, values in predicted.items()
        }
        return {
            name: {key: float(value) for key, value in a.items()} for name, a in agreements.items()
        }

    def judge(self, given, returned):
        for name in ("high", "low", "exact"):
            difference = given[name] - given["actual"]
            reach = 1.96 * np.sqrt(
                np.sum((difference - difference.mean()) ** 2) / (len(difference) - 1)
            )
            found = returned[name]
            yield set(found) == {"bias", "lower", "upper"}, "The keys are bias, lower and upper."
            yield (
                np.isclose(found.get("bias", np.nan), difference.mean(), atol=1e-6),
                "The bias is the mean of predicted minus actual: positive for high predictions.",
            )
            limits = [found.get("lower", np.nan), found.get("upper", np.nan)]
            yield (
                np.allclose(
                    limits, [difference.mean() - reach, difference.mean() + reach], atol=1e-6
                ),
                "The limits are the bias minus and plus 1.96 sample standard deviations (n − 1) of "
                "the differences.",
            )


def _all_differ(rows):
    return len(np.unique(np.round(rows, 4), axis=0)) == len(rows)


def _all_close(found, expected):
    pairs = zip(found, expected)
    return len(found) == len(expected) and all(
        f.shape == e.shape and np.allclose(f, e, atol=1e-4) for f, e in pairs
    )


def _five_sigma(share, steps):
    return 5 * np.sqrt(steps * share * (1 - share))
