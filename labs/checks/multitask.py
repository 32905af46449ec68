"""Hidden checks of the lab `multitask`."""

import numpy as np

from classroom.checks import Array, Check, shown


class SharedTrunk(Check):
    """Each row meets the head of its own task, and every task has a head."""

    task = "shared_trunk"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is not None:
            return self.given(rng)
        return self._inputs(
            np.random.default_rng(0),
            {
                "tasks": 3,
                "h": np.arange(8, dtype="float32").reshape(4, 2),
                "task": np.array([2, 0, 2, 1]),
            },
            {"tasks": 4, "features": 5, "hidden": 6},
        )

    def given(self, rng):
        tasks, features = (int(size) for size in rng.choice(np.arange(3, 9), 2, replace=False))
        rows = int(rng.integers(2 * tasks, 6 * tasks))
        heads = {
            "tasks": tasks,
            "h": rng.normal(size=(rows, features)).astype("float32"),
            "task": rng.permutation(np.arange(rows) % tasks),
        }
        sizes = rng.choice(np.arange(3, 9), 3, replace=False)
        model = {key: int(n) for key, n in zip(("tasks", "features", "hidden"), sizes)}
        return self._inputs(rng, heads, model)

    @staticmethod
    def _inputs(rng, heads, model):
        """Adds the rows of the model and the values of all weights."""
        features, hidden, rows = model["features"], model["hidden"], 3 * model["hidden"]
        x = rng.normal(size=(model["tasks"], rows, features))
        x = np.concatenate([x, -x], axis=1).reshape(-1, features)
        order = rng.permutation(len(x))
        # Of many kernels the one whose units differ most, so that the outputs tell the heads.
        kernels = rng.normal(size=(50, features, hidden))
        units = kernels / np.linalg.norm(kernels, axis=1, keepdims=True)
        cosines = np.abs(units.transpose(0, 2, 1) @ units) - np.eye(hidden)
        kernel = kernels[cosines.max(axis=(1, 2)).argmin()]
        bias = rng.uniform(-0.3, 0.3, size=hidden) * np.linalg.norm(kernel, axis=0)
        return {
            "heads": heads,
            "model": {
                **model,
                "x": x[order].astype("float32"),
                "task": np.repeat(np.arange(model["tasks"]), 2 * rows)[order].astype("int32"),
                "kernel": kernel.astype("float32"),
                "bias": bias.astype("float32"),
            },
            "weights": rng.normal(size=200).astype("float32"),
        }

    @staticmethod
    def run(student, heads, model, weights):
        import keras
        import numpy as np

        def numpy(compute, *shape):
            """What is computed, if it has this shape; otherwise NaN."""
            try:
                value = np.asarray(keras.ops.convert_to_numpy(compute()), "float32")
            except Exception:
                value = None
            return value if np.shape(value) == shape else np.full(shape, np.nan, "float32")

        def count(variables):
            return sum(int(np.prod(variable.shape)) for variable in variables)

        def assign(variables, known):
            start = 0
            for variable in variables:
                shape = tuple(variable.shape)
                size = 0 if shape in known else int(np.prod(shape))
                drawn = np.resize(weights[start : start + size], shape)
                variable.assign(known.get(shape, drawn))
                start += size

        tasks, h, task = heads["tasks"], heads["h"], heads["task"]
        layer = student.TaskHeads(tasks)
        shape = np.shape(keras.ops.convert_to_numpy(layer(h, task)))
        same = layer(np.repeat(h[:1], tasks, axis=0) + 1, np.arange(tasks))
        start = np.asarray(keras.ops.convert_to_numpy(same)).ravel().tolist()
        basis = np.eye(h.shape[1] + 1, h.shape[1], k=-1, dtype="float32")
        every = np.tile(basis, (tasks, 1)), np.repeat(np.arange(tasks), len(basis))
        kernels = numpy(lambda: layer(*every), len(every[0])).reshape(tasks, -1)
        kernels = np.nan_to_num(kernels[:, 1:] - kernels[:, :1])
        sizes = np.linalg.svd(kernels, compute_uv=False)
        features, rows = model["features"], [model["x"], model["task"]]
        whole = student.shared_trunk(model["tasks"], features, model["hidden"])
        returned = {
            "start_differs": len(set(start)) == tasks,
            "start_is_free": bool(sizes.min() > 1e-4 * sizes.max()),
            "heads_per_row": shape == (len(h),),
            "model_per_row": tuple(whole.output_shape) == (None,),
            "inputs": [(*i.shape, i.dtype) for i in whole.inputs]
            == [(None, features, "float32"), (None, "int32")],
            "counts": np.array(
                [
                    count(layer.trainable_weights),
                    len(layer.trainable_weights),
                    whole.count_params(),
                    count(whole.trainable_variables),
                ]
            ),
        }
        assign(layer.trainable_weights, {})
        for t in range(tasks):
            own = np.full(len(basis), t)
            returned[f"task_{t}"] = numpy(lambda own=own: layer(basis, own), len(basis))
        returned["mixed"] = numpy(lambda: layer(h, task), len(h))
        returned["alone"] = numpy(lambda: layer(h[:1], task[:1]), 1)

        kernel, bias = model["kernel"], model["bias"]
        assign(whole.trainable_variables, {kernel.shape: kernel, bias.shape: bias})
        returned["predicted"] = numpy(lambda: whole(rows), len(rows[0]))
        returned["training"] = numpy(lambda: whole(rows, training=True), len(rows[0]))
        returned["predicted_alone"] = numpy(lambda: whole([part[:1] for part in rows]), 1)
        returned["penalties"] = len(whole.losses)
        return returned

    def returns(self, given):
        h, rows = given["heads"]["h"], Array((len(given["model"]["x"]),))
        names = ["start_differs", "start_is_free", "heads_per_row", "model_per_row", "inputs"]
        heads = [f"task_{t}" for t in range(given["heads"]["tasks"])]
        return {
            **dict.fromkeys(names, bool),
            "counts": Array((4,), "iu"),
            "penalties": int,
            **dict.fromkeys(heads, Array((h.shape[1] + 1,))),
            **{"mixed": Array((len(h),)), "alone": Array((1,))},
            **{"predicted": rows, "training": rows, "predicted_alone": Array((1,))},
        }

    def judge(self, given, returned):
        tasks, h = given["heads"]["tasks"], given["heads"]["h"]
        parameters = tasks * (h.shape[1] + 1)
        heads = np.stack([returned[f"task_{t}"] for t in range(tasks)]).astype("float64")
        differ = len(np.unique(np.round(heads, 4), axis=0)) == tasks
        kernels = np.ravel(heads[:, 1:] - heads[:, :1])
        drawn = np.abs(kernels[:, None] - given["weights"][:parameters]).min(axis=1) < 1e-2
        yield shown(returned["heads_per_row"], "TaskHeads returns one output a row, (batch,).")
        yield shown(
            returned["start_differs"] and differ and np.isfinite(heads).all() and drawn.all(),
            "The kernels start at random, so that the same features give each task another output.",
        )
        yield (
            returned["start_is_free"],
            "The kernels start at random, each task's independently of the others.",
        )
        yield shown(
            returned["counts"][0] == parameters,
            "The heads hold one kernel and one bias a task, and nothing else.",
        )
        yield (
            returned["counts"][1] in (1, 2),
            "All kernels lie in one tensor and all biases in one, however many tasks there are.",
        )
        heads[:, 1:] -= heads[:, :1]
        yield (
            _same_values(heads, given["weights"][:parameters]),
            "A task's output is linear in the features, with a kernel and a bias of its own, each "
            "weight used once.",
        )
        own = heads[given["heads"]["task"]]
        expected = np.sum(h * own[:, 1:], axis=1) + own[:, 0]
        yield (
            np.allclose(returned["mixed"], expected, atol=1e-3),
            "In a batch of mixed tasks, a row's output is its features times the kernel of its own "
            "task, plus that task's bias.",
        )
        yield (
            np.allclose(returned["alone"], expected[:1], atol=1e-3),
            "A batch may have any number of rows, also one.",
        )
        yield from self._judge_model(given["model"], given["weights"], returned)

    @staticmethod
    def _judge_model(model, weights, returned):
        trunk = (model["features"] + 1) * model["hidden"]
        heads = model["tasks"] * (model["hidden"] + 1)
        yield shown(returned["model_per_row"], "The model returns one output a row, (batch,).")
        yield shown(
            returned["counts"][2] == trunk + heads,
            "The model holds one hidden layer, the same for all tasks, and one head a task.",
        )
        yield (
            returned["counts"][3] == trunk + heads,
            "All weights of the model are trainable.",
        )
        yield returned["penalties"] == 0, "The model adds no penalty on weights to the loss."
        yield (
            returned["inputs"],
            "The model takes [x, task] of shapes (batch, features) and (batch,), the latter int32.",
        )
        hidden = np.maximum(model["x"] @ model["kernel"].astype("float64") + model["bias"], 0)
        hidden = np.column_stack([hidden, np.ones(len(hidden))])
        expected, found = np.zeros(len(hidden)), []
        for t in range(model["tasks"]):
            rows = model["task"] == t
            outputs = np.nan_to_num(returned["predicted"][rows].astype("float64"))
            found.append(np.linalg.lstsq(hidden[rows], outputs, rcond=None)[0])
            expected[rows] = hidden[rows] @ found[-1]
        fits = _same_values(found, weights[:heads])
        fits = fits and np.allclose(returned["predicted"], expected, atol=1e-3)
        yield (
            fits,
            "The model is one hidden layer with a bias and ReLU, and a linear head for each task.",
        )
        yield (
            not fits or np.allclose(returned["training"], expected, atol=1e-3),
            "The outputs are the same in training: the network has no dropout.",
        )
        yield (
            not fits or np.allclose(returned["predicted_alone"], expected[:1], atol=1e-3),
            "A batch may have any number of rows, also one.",
        )


class MaskedLoss(Check):
    """Missing labels leave no trace in the value or the gradient."""

    task = "masked_loss"
    points = 4
    points_shown = 1

    def example(self, rng):
        if rng is None:
            y_true, y_pred = np.array([[1, 2], [np.nan, 4]]), np.array([[2.0, 2], [5, 1]])
        else:
            # As in the visible test, no column mean or row mean gives another label its weight.
            y_true, y_pred = 0.75 * rng.permutation(np.arange(1, 13))[:8].reshape(2, 2, 2)
            y_pred[0, 1], y_true[1, 0] = y_true[0, 1], np.nan
        return self._inputs(np.random.default_rng(0) if rng is None else rng, y_true, y_pred)

    def given(self, rng):
        rows, tasks = int(rng.integers(6, 10)), int(rng.integers(3, 6))
        y_pred = rng.normal(size=(rows, tasks))
        return self._inputs(rng, self._labels(rng, y_pred), y_pred)

    @staticmethod
    def _labels(rng, y_pred):
        """Labels of which 1, 2, ... are missing in the columns and all in the last row."""
        y_true = y_pred + rng.uniform(0.5, 2, size=y_pred.shape) * rng.choice([-1, 1], y_pred.shape)
        y_true[0], y_true[1] = 0, y_pred[1]
        for column in range(y_true.shape[1]):
            y_true[2 : 3 + min(column, len(y_true) - 4), column] = np.nan
        y_true[-1] = np.nan
        return y_true

    def _inputs(self, rng, y_true, y_pred):
        """Adds cases that the visible test does not show."""
        many = rng.normal(size=(int(rng.integers(7, 12)), 4))
        labels, predictions = {"shown": y_true}, {"shown": y_pred}
        labels["some_missing"] = self._labels(rng, many)
        labels["none_missing"] = np.nan_to_num(labels["some_missing"], nan=-1)
        labels["column_missing"] = labels["none_missing"].copy()
        labels["column_missing"][:, 2] = np.nan
        labels["all_missing"] = np.full_like(many, np.nan)
        for name in list(labels)[1:]:
            predictions[name] = many
        labels["one_label"] = rng.normal(3, 0.5, size=(1, 1))
        predictions["one_label"] = rng.normal(0, 0.5, size=(1, 1))
        return {
            "labels": {name: values.astype("float32") for name, values in labels.items()},
            "predictions": {name: values.astype("float32") for name, values in predictions.items()},
        }

    @staticmethod
    def run(student, labels, predictions):
        import keras
        import numpy as np
        import tensorflow as tf

        def loss(name):
            labels_here = keras.ops.convert_to_tensor(labels[name])
            return student.masked_loss(labels_here, tf.convert_to_tensor(predictions[name]))

        losses, gradients, scalar = [float(loss("shown"))], [], True
        for name, y_pred in predictions.items():
            try:
                predicted = tf.Variable(y_pred)
                with tf.GradientTape() as tape:
                    value = student.masked_loss(
                        keras.ops.convert_to_tensor(labels[name]), tf.convert_to_tensor(predicted)
                    )
                gradient = tape.gradient(value, predicted, unconnected_gradients="zero").numpy()
                losses.append(float(value))
                scalar &= tuple(value.shape) == ()
            except Exception:
                gradient = np.full_like(y_pred, np.nan)
                losses.append(np.nan)
            gradients.append(gradient.ravel())
        return {
            "losses": np.array(losses),
            "gradients": np.concatenate(gradients),
            "scalar": bool(scalar),
        }

    def returns(self, given):
        sizes = [values.size for values in given["labels"].values()]
        return {
            "losses": Array((len(sizes) + 1,)),
            "gradients": Array((sum(sizes),)),
            "scalar": bool,
        }

    def judge(self, given, returned):
        some = "The loss is the mean squared error over the present labels alone."
        sentences = {
            "shown": some,
            "some_missing": some,
            "none_missing": "With no label missing, the loss is the mean squared error.",
            "column_missing": "A task without any label leaves the loss of the others as it is.",
            "all_missing": "With all labels missing, the loss is 0.",
            "one_label": "A batch may have any shape, also of a single label.",
        }
        losses, gradients = [], []
        for name, labels in given["labels"].items():
            present = ~np.isnan(labels)
            predicted = given["predictions"][name].astype("float64")
            error, count = np.where(present, predicted - labels, 0), max(present.sum(), 1)
            losses.append(np.sum(error**2) / count)
            gradients.append(2 * error.ravel() / count)
        close = np.isclose(returned["losses"], losses[:1] + losses, rtol=1e-4, atol=1e-6)
        yield shown(close[0], some)
        for name, met in zip(given["labels"], close[1:]):
            yield met, sentences[name]
        yield returned["scalar"], "The loss is a scalar tensor."
        yield (
            np.allclose(returned["gradients"], np.concatenate(gradients), rtol=1e-4, atol=1e-5),
            "The gradient is finite, zero at missing labels, and elsewhere that of the mean over "
            "the present ones.",
        )


class AccumulatedGradients(Check):
    """One step on the sum of all tasks' gradients."""

    task = "accumulated_gradients"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is not None:
            given = self.given(rng, features=1)
            given["line"]["weight"][:] = 0
            return given
        line = {
            "x": [np.array([[1.0]]), np.array([[2.0]])],
            "y": [np.array([1.0]), np.array([1.0])],
            "weight": np.zeros((1, 1)),
            "rate": 0.5,
        }
        return {"line": line, "trunk": self._trunk(np.random.default_rng(0))}

    def given(self, rng, features=3):
        tasks = int(rng.integers(2, 6))
        line = {
            "x": [rng.uniform(0.5, 2, size=(1, features)) for _ in range(tasks)],
            "y": [rng.uniform(3, 5, size=1) for _ in range(tasks)],
            "weight": rng.uniform(-0.5, 0.5, size=(features, 1)),
            "rate": float(rng.uniform(0.1, 0.5)),
        }
        return {"line": line, "trunk": self._trunk(rng)}

    @staticmethod
    def _trunk(rng):
        """A trunk with heads, weights that only one task reaches, and one that none reaches."""
        tasks, features, hidden = 3, 4, 2
        rows = rng.permutation([2, 5, 11])
        shapes = [(features,), (features, hidden), (hidden,), (2,)]
        shapes += [(tasks, hidden), (tasks,), (features,)]
        return {
            "x": [rng.normal(size=(n, features)).astype("float32") for n in rows],
            "y": [rng.normal(size=n).astype("float32") for n in rows],
            "weights": [rng.normal(size=shape).astype("float32") for shape in shapes],
            "offset": float(rng.uniform(1, 2)),
            "rate": float(rng.uniform(0.01, 0.05)),
            "momentum": float(rng.uniform(0.5, 0.9)),
        }

    @staticmethod
    def run(student, line, trunk):
        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops

        rows = [len(x) for x in trunk["x"]]

        class Trunk(keras.Model):
            def __init__(self):
                super().__init__()
                self.w = [self.add_weight(w.shape, regularizer="l2") for w in trunk["weights"]]
                self.offset = self.add_weight((), trainable=False)

            def call(self, inputs):
                x, task, h = *inputs, ops.matmul(inputs[0], self.w[1]) + self.w[2]
                y = ops.sum(h * ops.take(self.w[4], task, axis=0), axis=-1)
                y += ops.take(self.w[5], task, axis=0) + self.offset
                for own, w in ((0, self.w[0]), (len(rows) - 1, self.w[6])):
                    if x.shape[0] not in rows[:own] + rows[own + 1 :]:
                        y += ops.cast(task == own, x.dtype) * ops.sum(x * w, axis=-1)
                return y

        def pair(x, y):
            return [([a, np.full(len(a), t, "int32")], b) for t, (a, b) in enumerate(zip(x, y))]

        def flat(values):
            """All values in one vector, NaN in place of those of another shape."""
            values = [ops.convert_to_numpy(value) for value in values] + [None] * 7
            pairs = [(v, w, np.shape(v) == w.shape) for v, w in zip(values, trunk["weights"])]
            return np.concatenate([np.ravel(v if fits else w * np.nan) for v, w, fits in pairs])

        x, task = keras.Input(line["x"][0].shape[1:]), keras.Input((), dtype="int32")
        y = keras.layers.Reshape(())(keras.layers.Dense(1, use_bias=False)(x))
        model, batches = keras.Model([x, task], y), pair(line["x"], line["y"])
        model.set_weights([line["weight"]])
        values = [ops.convert_to_numpy(g) for g in student.accumulated_gradients(model, batches)]
        optimizer = keras.optimizers.SGD(line["rate"])
        student.method_one_step(model, optimizer, batches)
        values += model.get_weights()
        returned = {"line": np.stack(values), "line_steps": int(optimizer.iterations)}
        batches, model = pair(trunk["x"], trunk["y"]), Trunk()
        model(batches[0][0])
        model.set_weights([*trunk["weights"], np.float32(trunk["offset"])])
        returned |= {"count": 0, "dense": False, "steps": 0}
        returned |= dict.fromkeys(["gradients", "before", "first", "second"], flat([]))
        try:
            gradients = student.accumulated_gradients(model, batches)
            returned["count"] = len(gradients)
            returned["dense"] = not any(isinstance(g, tf.IndexedSlices) for g in gradients)
            returned["gradients"] = flat(gradients)
            returned["before"] = flat(model.trainable_variables)
            optimizer = keras.optimizers.SGD(trunk["rate"], momentum=trunk["momentum"])
            for step in ("first", "second"):
                student.method_one_step(model, optimizer, batches)
                returned[step] = flat(model.trainable_variables)
            returned["steps"] = int(optimizer.iterations)
        except Exception:
            pass
        return returned

    def returns(self, given):
        everything = Array((sum(w.size for w in given["trunk"]["weights"]),))
        return {
            **{"line": Array((2, *given["line"]["weight"].shape)), "line_steps": int},
            **{"count": int, "dense": bool, "steps": int},
            **dict.fromkeys(["gradients", "before", "first", "second"], everything),
        }

    def judge(self, given, returned):
        line, trunk = given["line"], given["trunk"]
        x, y = np.concatenate(line["x"]), np.concatenate(line["y"])[:, None]
        gradient = 2 * x.T @ (x @ line["weight"] - y)
        sums = "The gradients are the sum of all tasks' gradients of their mean squared error."
        one = "The optimizer takes exactly one step for all tasks together."
        follows = "The step is the given optimizer's, on the accumulated gradients."
        yield shown(_close(returned["line"][0], gradient), sums)
        moved = line["weight"] - line["rate"] * gradient
        yield shown(_close(returned["line"][1], moved), follows)
        yield shown(returned["line_steps"] == 1, one)

        yield (
            returned["count"] == len(trunk["weights"]),
            "There is one gradient for each trainable variable, zero where no task reaches it.",
        )
        yield returned["dense"], "All gradients are dense tensors."
        weights = [weight.astype("float64") for weight in trunk["weights"]]
        velocity, after = 0, [_flat(weights)]
        gradients = []
        for _ in range(2):
            gradients.append(_flat(self._gradients(trunk, weights)))
            velocity = trunk["momentum"] * velocity - trunk["rate"] * gradients[-1]
            after.append(after[-1] + velocity)
            parts = np.split(after[-1], np.cumsum([weight.size for weight in weights])[:-1])
            weights = [part.reshape(weight.shape) for part, weight in zip(parts, weights)]
        yield _close(returned["gradients"], gradients[0]), sums
        yield _close(returned["before"], after[0]), "Computing the gradients moves no weight."
        yield returned["steps"] == 2, one
        yield _close(returned["first"], after[1]), follows
        yield _close(returned["second"], after[2]), "A second step starts from new gradients."

    @staticmethod
    def _gradients(trunk, weights):
        """Closed form: predictions (x w + c) · k_t + b_t + offset, and the tasks' own weights."""
        _, w, c, _, k, b, _ = weights
        gradients = [np.zeros_like(weight) for weight in weights]
        own = {0: 0, len(trunk["x"]) - 1: 6}
        for t, (x, y) in enumerate(zip(trunk["x"], trunk["y"])):
            h = x @ w + c
            predicted = h @ k[t] + b[t] + trunk["offset"]
            if t in own:
                predicted = predicted + x @ weights[own[t]]
            error = 2 * (predicted - y) / len(y)
            gradients[1] += np.outer(x.T @ error, k[t])
            gradients[2] += error.sum() * k[t]
            gradients[4][t] += h.T @ error
            gradients[5][t] += error.sum()
            if t in own:
                gradients[own[t]] += x.T @ error
        return gradients


class SampleTasks(Check):
    """Tasks are drawn as often as they should be, independently, from the generator alone."""

    task = "sample_tasks"
    points = 3
    points_shown = 1
    by_chance = True

    def example(self, rng):
        if rng is None:
            sizes, steps, seed, word = [10, 90], 1000, 0, "sise"
        else:
            sizes = [int(rng.integers(30, 45)), int(rng.integers(60, 80))]
            steps, seed = int(rng.integers(1100, 1600)), int(rng.integers(2**32))
            word = str(rng.choice(["sice", "zise", "siez", "sise"]))
        return self._inputs(sizes, steps, seed, word)

    def given(self, rng):
        sizes = rng.permutation([5, 8, 20, *rng.integers(6, 30, size=rng.integers(0, 3))])
        steps, seed = int(rng.integers(1000, 3000)), int(rng.integers(2**32))
        return self._inputs(sizes, steps, seed, "neither")

    @staticmethod
    def _inputs(sizes, steps, seed, word):
        return {
            "sizes": np.array(sizes),
            "steps": steps,
            "few": np.array([1, 3, 2] if sizes[0] < sizes[1] else [2, 3, 1, 1]),
            "calls": 60,
            "pairs": 200,
            "seed": seed,
            "words": [word, "sizes", "form", "", "Uniform", "SIZE", " size "],
        }

    @staticmethod
    def run(student, sizes, few, steps, calls, pairs, seed, words):
        import random

        import numpy as np

        def draw(kind, sizes, short, calls=calls):
            """Draws often with one generator."""
            rng, drawn = np.random.default_rng(seed), None
            try:
                drawn = [student.sample_tasks(sizes, short, kind, rng) for _ in range(calls)]
                drawn = np.asarray(drawn)
            except Exception:
                pass
            fits = np.shape(drawn) == (calls, short) and drawn.dtype.kind in "iu"
            return drawn if fits else np.full((calls, short), -1)

        def refuses(word):
            short = len(sizes) + 3  # numbers from `tasks` to `steps` would be none for fewer
            try:
                student.sample_tasks(sizes.tolist(), short, word, np.random.default_rng(seed))
            except ValueError:
                return True
            return False

        def refuses_others():
            try:
                return all([refuses(word) for word in words[1:]])
            except Exception:
                return False

        def state():
            name, keys, *rest = np.random.get_state()
            return name, keys.tolist(), rest, random.getstate()

        def first():
            rng = np.random.default_rng(seed)
            return np.asarray(student.sample_tasks(sizes.tolist(), steps, "size", rng))

        before = state()
        returned = {
            "first": first(),
            "first_again": first(),
            "refused": refuses(words[0]),
            "others_refused": refuses_others(),
        }
        total = int(sizes.sum())
        for again, these in (("", sizes), ("_again", sizes.tolist())):
            returned[f"uniform{again}"] = draw("uniform", these, total)
            returned[f"size{again}"] = draw("size", these, total)
            returned[f"few{again}"] = draw("size", few, 40)
        for kind in ("uniform", "size"):
            returned[f"{kind}_pairs"] = draw(kind, few, 2, pairs)
        returned["one_step"] = bool(np.all(draw("size", few, 1) >= 0))
        return returned | {"sizes": sizes, "global_state_kept": state() == before}

    def returns(self, given):
        drawn = Array((given["calls"], int(np.sum(given["sizes"]))), "iu")
        first = Array((given["steps"],), "iu")
        return {
            **dict.fromkeys(["few", "few_again"], Array((given["calls"], 40), "iu")),
            **{"first": first, "first_again": first, "sizes": Array(given["sizes"].shape, "iu")},
            **dict.fromkeys(["refused", "others_refused", "one_step", "global_state_kept"], bool),
            **dict.fromkeys(["uniform", "uniform_again", "size", "size_again"], drawn),
            **dict.fromkeys(["uniform_pairs", "size_pairs"], Array((given["pairs"], 2), "iu")),
        }

    def judge(self, given, returned):
        sizes = given["sizes"]
        tasks = len(sizes)
        shares = {"uniform": np.full(tasks, 1 / tasks), "size": sizes / sizes.sum()}
        sentences = {
            "uniform": 'With "uniform", all tasks are drawn equally often, whatever their sizes.',
            "size": 'With "size", each task is drawn in proportion to its rows.',
        }
        numbers = "The result is one whole number a step, from 0 to tasks − 1."
        refused = 'A draw of neither "uniform" nor "size" raises a ValueError.'
        yield shown(_are_tasks(returned["first"], tasks), numbers)
        yield shown(_as_often(returned["first"], shares["size"]), sentences["size"])
        yield shown(returned["refused"], refused)
        yield returned["others_refused"], refused
        yield returned["one_step"], numbers
        few = given["few"] / given["few"].sum()
        shares_of_few = {"uniform": np.full(len(few), 1 / len(few)), "size": few}
        yield _as_often(returned["few"], few), sentences["size"]
        yield np.array_equal(returned["sizes"], sizes), "The sizes stay as they are."
        yield (
            returned["global_state_kept"]
            and all(
                np.array_equal(returned[name], returned[f"{name}_again"])
                for name in ("first", "uniform", "size", "few")
            ),
            "The generator is the only source of chance: equal states draw the same tasks.",
        )
        for kind, share in shares.items():
            drawn = returned[kind]
            yield _are_tasks(drawn, tasks), numbers
            yield _as_often(drawn, share), sentences[kind]
            yield (
                len(np.unique(drawn, axis=0)) == len(drawn),
                "Another call with the same generator draws other tasks.",
            )
            pairs = returned[f"{kind}_pairs"]
            yield (
                _are_tasks(drawn, tasks)
                and _are_independent(drawn, share)
                and _are_tasks(pairs, len(few))
                and _are_independent(pairs, shares_of_few[kind]),
                "Draws are independent, however few: what was drawn before has no say in what "
                "comes next.",
            )


class BlandAltman(Check):
    """Bias and limits of agreement."""

    task = "bland_altman"
    points = 3
    points_shown = 1

    def example(self, rng):
        if rng is None:
            predicted, actual = np.array([11.0, 23, 32]), np.array([10.0, 20, 30])
        else:
            # As in the visible test, differences are whole and positive, with their mean as their
            # median and a standard deviation of 1.
            steps = rng.permutation(
                np.repeat([-1, 1, 0], [*rng.integers(1, 4, size=1).repeat(2), 1])
            )
            actual = rng.integers(10, 50, size=len(steps)).astype(float)
            predicted = actual + steps + rng.integers(3, 9)
        return self._inputs(np.random.default_rng(0) if rng is None else rng, predicted, actual)

    def given(self, rng):
        actual = rng.normal(50, 10, size=int(rng.integers(4, 7)))
        return self._inputs(rng, actual + rng.normal(3, 2, size=len(actual)), actual)

    @staticmethod
    def _inputs(rng, predicted, actual):
        """Adds cases that the visible test does not show."""
        rows = int(rng.integers(8, 13))
        labels = {name: rng.normal(50, 10, size=rows) for name in ("high", "low", "shift")}
        labels["whole"] = rng.integers(1, 100, size=rows + 1)
        labels["two"] = rng.normal(0, 10, size=2)
        predictions = {
            "high": labels["high"] + rng.uniform(2, 4) + rng.exponential(5, size=rows),
            "low": labels["low"] - rng.uniform(2, 4) - rng.exponential(5, size=rows),
            "shift": labels["shift"] - rng.uniform(1, 2),
            "whole": labels["whole"]
            + rng.permutation([-9, 4, 0, *rng.integers(1, 9, size=rows - 2)]),
            "two": labels["two"] + rng.permutation([-1, rng.uniform(3, 5)]),
        }
        return {
            "actual": {"shown": actual, **labels},
            "predicted": {"shown": predicted, **predictions},
        }

    @staticmethod
    def run(student, actual, predicted):
        import numpy as np

        kept = {name: [predicted[name].copy(), actual[name].copy()] for name in actual}
        agreement = student.bland_altman(predicted["shown"].tolist(), actual["shown"].tolist())
        returned = {"shown": {key: float(value) for key, value in agreement.items()}}
        for name in list(actual)[1:]:
            try:
                agreement = student.bland_altman(predicted[name], actual[name])
                returned[name] = {key: float(agreement[key]) for key in ("bias", "lower", "upper")}
            except Exception:
                returned[name] = dict.fromkeys(("bias", "lower", "upper"), float("nan"))
        unchanged = all(
            np.array_equal(old, new)
            for name in actual
            for old, new in zip(kept[name], [predicted[name], actual[name]])
        )
        return {"agreement": returned, "unchanged": unchanged}

    def returns(self, given):
        limits = {"bias": float, "lower": float, "upper": float}
        return {"agreement": dict.fromkeys(given["actual"], limits), "unchanged": bool}

    def judge(self, given, returned):
        yield returned["unchanged"], "Predictions and labels stay as they are."
        for name, found in returned["agreement"].items():
            difference = given["predicted"][name] - given["actual"][name].astype("float64")
            bias = difference.mean()
            reach = 1.96 * np.sqrt(np.sum((difference - bias) ** 2) / (len(difference) - 1))
            mark = shown if name == "shown" else lambda *finding: finding
            yield mark(
                np.isclose(found["bias"], bias, rtol=1e-5, atol=2e-5),
                "The bias is the mean of predicted minus actual: positive for high predictions.",
            )
            limits = [found["lower"], found["upper"]]
            yield mark(
                np.allclose(limits, [bias - reach, bias + reach], rtol=1e-5, atol=2e-5),
                "The limits are the bias minus and plus 1.96 sample standard deviations (n − 1) of "
                "the differences.",
            )


def _same_values(found, expected):
    """Whether the same values are there, in whatever order a layer keeps its weights."""
    return np.allclose(np.sort(np.ravel(found)), np.sort(expected), atol=5e-3)


def _flat(arrays):
    return np.concatenate([np.ravel(array) for array in arrays])


def _close(found, expected):
    return np.allclose(found, expected, rtol=1e-4, atol=1e-4)


def _are_tasks(drawn, tasks):
    return drawn.min() >= 0 and drawn.max() < tasks


def _as_often(drawn, share):
    """Whether every task is drawn in its share, within six standard deviations."""
    often = np.array([np.sum(drawn == t) for t in range(len(share))])
    reach = 6 * np.sqrt(drawn.size * share * (1 - share))
    return np.all(np.abs(often - drawn.size * share) < reach)


def _are_independent(drawn, share):
    """Whether neighbours repeat, and counts vary between calls, as those of free draws do."""
    calls, steps = drawn.shape
    pairs, stays = calls * (steps - 1), np.sum(share**2)
    variance = pairs * (stays - stays**2 + 2 * (np.sum(share**3) - stays**2))
    repeats = np.sum(drawn[:, 1:] == drawn[:, :-1])
    often = np.array([np.bincount(call, minlength=len(share)) for call in drawn])
    freedom = calls * (len(share) - 1)
    spread = np.sum((often - steps * share) ** 2 / (steps * share)) / freedom
    # The cube root of a chi-square variable over its degrees of freedom is nearly normal.
    off = (np.cbrt(spread) - 1 + 2 / (9 * freedom)) / np.sqrt(2 / (9 * freedom))
    return np.abs(repeats - pairs * stays) < 6 * np.sqrt(variance) and np.abs(off) < 6
