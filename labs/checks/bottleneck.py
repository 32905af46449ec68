"""Hidden checks of the lab `bottleneck`."""

import numpy as np

from course_lib.classroom.checks import Check

EPSILON = 1e-3  # of keras.layers.BatchNormalization


class SplitModel(Check):
    """Three models that share layers and agree to the bit."""

    task = "split_model"

    def given(self, rng):
        features, width, classes = int(rng.integers(4, 8)), int(rng.integers(3, 6)), 2
        return {
            "x": rng.normal(size=(9, features)).astype("float32"),
            "weights": {
                "stem": _dense(rng, features, 5),
                "norm": _batch_norm(rng, 5),
                "cut": _dense(rng, 5, width),
                "branch": _dense(rng, width, width),
                "out": _dense(rng, width, classes),
            },
        }

    @staticmethod
    def run(student, x, weights):
        import keras

        inputs = keras.Input(x.shape[1:])
        h = keras.layers.Dense(5, name="stem")(inputs)
        h = keras.layers.BatchNormalization(name="norm")(h)
        cut = keras.layers.Dense(weights["cut"][1].size, activation="tanh", name="cut")(h)
        h = keras.layers.Dense(cut.shape[-1], activation="tanh", name="branch")(cut)
        h = keras.layers.Add(name="join")([cut, h])
        model = keras.Model(inputs, keras.layers.Dense(2, name="out")(h))
        for name, values in weights.items():
            model.get_layer(name).set_weights(values)

        base, head, whole = student.split_model(model, "cut")

        def outputs():
            found = {"base": base(x), "head": head(base(x)), "whole": whole(x), "model": model(x)}
            return {name: keras.ops.convert_to_numpy(value) for name, value in found.items()}

        returned = {"entry": list(head.input_shape), "before": outputs()}
        for weight in base.weights:
            weight.assign(weight / 2)
        returned["base_halved"] = outputs()
        for weight in head.weights:
            weight.assign(weight / 2)
        returned["both_halved"] = outputs()
        return returned

    def judge(self, given, returned):
        weights = given["weights"]
        bottleneck, output = self._outputs(given["x"], weights)
        before = returned["before"]
        yield (
            _close(before["base"], bottleneck),
            "The first model returns the output of the named layer.",
        )
        yield (
            returned["entry"] == [None, bottleneck.shape[1]],
            "The second model takes bottlenecks, with one batch axis.",
        )
        yield (
            _close(before["whole"], output) and np.array_equal(before["whole"], before["model"]),
            "The third model returns what the given one does, whose weights stay.",
        )
        yield (
            np.array_equal(before["head"], before["whole"]),
            "The second model applied to what the first returns equals the third to the last bit.",
        )
        below = ("stem", "norm", "cut")
        halved = {
            "base_halved": weights | {name: _halved(weights[name]) for name in below},
            "both_halved": {name: _halved(values) for name, values in weights.items()},
        }
        yield (
            all(
                _close(returned[when][name], self._outputs(given["x"], now)[1])
                for when, now in halved.items()
                for name in ("head", "whole", "model")
            ),
            "All models share their weights: what changes in one changes in the others.",
        )

    @staticmethod
    def _outputs(x, weights):
        h = _batch_normed(x @ weights["stem"][0] + weights["stem"][1], weights["norm"])
        cut = np.tanh(h @ weights["cut"][0] + weights["cut"][1])
        h = cut + np.tanh(cut @ weights["branch"][0] + weights["branch"][1])
        return cut, h @ weights["out"][0] + weights["out"][1]


class CacheFeatures(Check):
    """Features once, in a file that is whole or not there."""

    task = "cache_features"

    def given(self, rng):
        batch_size = int(rng.integers(3, 6))
        rows, features = 3 * batch_size + 2, int(rng.integers(4, 8))
        return {
            "x": rng.normal(size=(rows, features)).astype("float32"),
            "weights": {"stem": _dense(rng, features, 6), "norm": _batch_norm(rng, 6)},
            "batch_size": batch_size,
        }

    @staticmethod
    def run(student, x, weights, batch_size):
        import tempfile
        import tracemalloc
        from pathlib import Path

        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops

        class Gate(keras.layers.Layer):
            """Counts rows, and lets only finite ones pass."""

            def __init__(self):
                super().__init__(name="gate")
                self.rows = self.add_weight(initializer="zeros", trainable=False)
                self.largest = self.add_weight(initializer="zeros", trainable=False)

            def call(self, x):
                rows = ops.cast(ops.shape(x)[0], "float32")
                self.rows.assign_add(rows)
                self.largest.assign(ops.maximum(self.largest, rows))
                return tf.debugging.check_numerics(x, "This row stops the run.")

        inputs = keras.Input(x.shape[1:])
        gate = Gate()
        h = keras.layers.Dense(6, name="stem")(gate(inputs))
        h = keras.layers.BatchNormalization(name="norm")(h)
        base = keras.Model(inputs, keras.layers.Reshape((3, 2))(h))
        for name, values in weights.items():
            base.get_layer(name).set_weights(values)

        def attempt(x, path):
            try:
                student.cache_features(base, x, path, batch_size)
            except Exception as error:
                return type(error).__name__
            return ""

        returned = {}
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            path = Path(folder, "features.npy")
            broken = x.copy()
            broken[-1] = np.nan
            returned["interrupted"] = attempt(broken, path)
            returned["left"] = path.exists()

            gate.rows.assign(0)
            gate.largest.assign(0)
            features = student.cache_features(base, x, path, batch_size)
            returned["rows"], returned["largest"] = int(gate.rows), int(gate.largest)
            returned["mapped"] = isinstance(features, np.memmap)
            returned["features"] = np.array(features)
            returned["saved"] = np.load(path)
            features = student.cache_features(base, x, path, batch_size)
            returned["again"] = np.array(features)
            returned["mapped_again"] = isinstance(features, np.memmap)
            returned["rows_again"] = int(gate.rows)
            returned["old"] = attempt(x[1:], path)
            returned["statistics"] = base.get_layer("norm").get_weights()

            inputs = keras.Input((2,))
            wide = keras.Model(inputs, keras.layers.RepeatVector(8192)(inputs))
            many = np.ones((128, 2), "float32")
            tracemalloc.start()
            features = student.cache_features(wide, many, Path(folder, "wide.npy"), 16)
            returned["peak"] = tracemalloc.get_traced_memory()[1] / features.nbytes
            tracemalloc.stop()
        return returned

    def judge(self, given, returned):
        x, weights = given["x"], given["weights"]
        features = _batch_normed(x @ weights["stem"][0] + weights["stem"][1], weights["norm"])
        features = features.reshape(len(x), 3, 2)
        yield (
            all(
                returned[name].dtype == np.float32 and _close(returned[name], features)
                for name in ("features", "saved", "again")
            ),
            "The file holds, and both calls return, what the base computes in inference: all rows, "
            "all axes, float32.",
        )
        yield (
            returned["mapped"] and returned["mapped_again"],
            "The features are returned as a memory map, not loaded.",
        )
        yield returned["rows"] == len(x), "Each row passes the base exactly once."
        yield returned["largest"] <= given["batch_size"], "No batch is larger than it may be."
        yield (
            returned["rows_again"] == returned["rows"],
            "Features that are on disk are not computed again.",
        )
        yield (
            _equal(returned["statistics"], weights["norm"]),
            "Computing features leaves the base as it is.",
        )
        yield (
            returned["interrupted"] != "" and not returned["left"],
            "A run that is interrupted says so, and leaves no file at the path.",
        )
        yield (
            returned["old"] == "ValueError",
            "A file with another number of rows raises a ValueError.",
        )
        yield returned["peak"] < 0.5, "Not all features are in memory at the same time."


class TrainHead(Check):
    """Gradient descent on the features, and a model that shares all layers."""

    task = "train_head"

    def given(self, rng):
        rows, features = int(rng.integers(8, 13)), int(rng.integers(3, 6))
        return {
            "x": rng.normal(size=(rows, features)).astype("float32"),
            "y": rng.normal(size=(rows, 2)).astype("float32"),
            "weights": {
                "stem": _dense(rng, features, 4),
                "norm": _batch_norm(rng, 4),
                "out": _dense(rng, 4, 2),
            },
            "epochs": int(rng.integers(2, 5)),
            "rate": float(rng.uniform(0.02, 0.05)),
        }

    @staticmethod
    def run(student, x, y, weights, epochs, rate):
        import keras
        from keras import ops

        class Gate(keras.layers.Layer):
            """Counts rows."""

            def __init__(self):
                super().__init__(name="gate")
                self.rows = self.add_weight(initializer="zeros", trainable=False)

            def call(self, x):
                self.rows.assign_add(ops.cast(ops.shape(x)[0], "float32"))
                return x

        inputs, features = keras.Input(x.shape[1:]), keras.Input((2, 2))
        gate = Gate()
        h = keras.layers.Dense(4, name="stem")(gate(inputs))
        h = keras.layers.BatchNormalization(name="norm")(h)
        base = keras.Model(inputs, keras.layers.Reshape((2, 2))(h))
        h = keras.layers.Flatten()(features)
        head = keras.Model(features, keras.layers.Dense(2, name="out")(h))
        layers = {name: base.get_layer(name) for name in ("stem", "norm")}
        layers["out"] = head.get_layer("out")
        for name, values in weights.items():
            layers[name].set_weights(values)
        head.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True)

        student.train_head(base, head, x, y, epochs, len(x))
        returned = {"rows": int(gate.rows)}
        returned["weights"] = {name: layer.get_weights() for name, layer in layers.items()}

        attached = student.attach(base, head)
        returned["kept"] = {name: layer.get_weights() for name, layer in layers.items()}
        returned["attached"] = ops.convert_to_numpy(attached(x))
        returned["composed"] = ops.convert_to_numpy(head(base(x)))
        for layer in layers.values():
            for weight in layer.weights:
                weight.assign(weight / 2)
        returned["halved"] = ops.convert_to_numpy(attached(x))
        return returned

    def judge(self, given, returned):
        x, y, weights = given["x"], given["y"], given["weights"]
        features = _features(x, weights)
        trained = _descend(features, y, weights["out"], given["rate"], given["epochs"])
        found = returned["weights"]
        yield (
            returned["rows"] == len(x),
            "Each row passes the base exactly once, however many epochs the head is trained.",
        )
        yield (
            all(_equal(found[name], weights[name]) for name in ("stem", "norm")),
            "The base stays as it is, statistics of batch normalisation included.",
        )
        yield (
            _all_close(found["out"], trained),
            "The head is trained on the features that the base computes in inference, with its own "
            "optimizer, for all epochs.",
        )
        yield (
            all(_equal(returned["kept"][name], found[name]) for name in weights),
            "Attaching the head changes no weight.",
        )
        yield (
            np.array_equal(returned["attached"], returned["composed"])
            and _close(returned["attached"], features @ found["out"][0] + found["out"][1]),
            "The attached model returns, to the last bit, what the head returns for the features.",
        )
        halved = {name: _halved(values) for name, values in found.items()}
        expected = _features(x, halved) @ halved["out"][0] + halved["out"][1]
        yield (
            _close(returned["halved"], expected),
            "The attached model shares the layers of the base and of the head.",
        )


class Freeze(Check):
    """What is frozen keeps every bit; what is not follows the gradient."""

    task = "freeze"

    def given(self, rng):
        rows, features = int(rng.integers(8, 13)), int(rng.integers(3, 6))
        return {
            "x": rng.normal(1, 2, size=(rows, features)).astype("float32"),
            "y": rng.normal(size=(rows, 2)).astype("float32"),
            "weights": {
                "stem": _dense(rng, features, 4),
                "norm": _batch_norm(rng, 4),
                "cut": _dense(rng, 4, 3),
                "norm_above": _batch_norm(rng, 3),
                "out": _dense(rng, 3, 2),
            },
            "epochs": 3,
            "rate": float(rng.uniform(0.005, 0.01)),
        }

    @staticmethod
    def run(student, x, y, weights, epochs, rate):
        import keras

        inputs = keras.Input(x.shape[1:])
        h = keras.layers.Dense(4, name="stem")(inputs)
        h = keras.layers.BatchNormalization(name="norm")(h)
        h = keras.layers.Dense(3, name="cut")(h)
        h = keras.layers.BatchNormalization(name="norm_above")(h)
        model = keras.Model(inputs, keras.layers.Dense(2, name="out")(h))

        returned = {}
        for until in ("cut", None):
            for name, values in weights.items():
                model.get_layer(name).set_weights(values)
            optimizer = keras.optimizers.SGD(rate)
            student.freeze(model, until, optimizer, "mse")
            model.run_eagerly = True  # so few steps need no graph
            for _ in range(epochs):
                model.train_on_batch(x, y)
            returned[str(until)] = {
                "weights": {name: model.get_layer(name).get_weights() for name in weights},
                "compiled": model.optimizer is optimizer,
            }
        return returned

    def judge(self, given, returned):
        weights = given["weights"]
        frozen, thawed = returned["cut"], returned["None"]
        yield (
            frozen["compiled"] and thawed["compiled"],
            "The model is compiled with the given optimizer.",
        )
        yield (
            all(_equal(frozen["weights"][name], weights[name]) for name in ("stem", "cut")),
            "The layers up to the named one, itself included, keep their weights to the last bit.",
        )
        yield (
            all(
                _equal(found["weights"][name], weights[name])
                for found in (frozen, thawed)
                for name in ("norm", "norm_above")
            ),
            "Batch normalisation keeps its weights and its statistics to the last bit, everywhere.",
        )
        h = _features(given["x"], weights) @ weights["cut"][0] + weights["cut"][1]
        features = _batch_normed(h, weights["norm_above"])
        trained = _descend(features, given["y"], weights["out"], given["rate"], given["epochs"])
        yield (
            _all_close(frozen["weights"]["out"], trained),
            "What lies above the frozen layers is trained, with batch normalisation as in "
            "inference.",
        )
        yield (
            not any(
                np.array_equal(now, before)
                for name in ("stem", "cut", "out")
                for now, before in zip(thawed["weights"][name], weights[name])
            ),
            "With None, all layers but batch normalisation are trained, whatever was frozen "
            "before.",
        )


class LayerRates(Check):
    """A step is the gradient times the rate of the variable's own pattern."""

    task = "layer_rates"

    def given(self, rng):
        rates = rng.permutation([0.01, 0.03, 0.1, 0.4])
        return {
            "weights": {
                "block1": _dense(rng, 3, 4),
                "norm": _batch_norm(rng, 4),
                "block10": _dense(rng, 4, 4),
                "out": _dense(rng, 4, 2),
            },
            "gradients": [
                rng.normal(size=shape).astype("float32")
                for shape in [(3, 4), (4,), (4,), (4,), (4, 4), (4,), (4, 2), (2,)]
            ],
            "rate": float(rates[0]),
            "patterns": ["block1/.*", "norm/(gamma|beta)", "out/bias"],
            "rates": rates[1:],
            "refused": ["block2/.*", "block1", "lock1/.*", "norm/moving_.*", "frozen/.*"],
        }

    @staticmethod
    def run(student, weights, gradients, rate, patterns, rates, refused):
        import keras
        import numpy as np

        inputs = keras.Input((3,))
        h = keras.layers.Dense(3, name="frozen", trainable=False)(inputs)
        h = keras.layers.Dense(4, name="block1")(h)
        h = keras.layers.BatchNormalization(name="norm")(h)
        h = keras.layers.Dense(4, name="block10")(h)
        model = keras.Model(inputs, keras.layers.Dense(2, name="out")(h))
        for name, values in weights.items():
            model.get_layer(name).set_weights(values)

        def refuses(pattern):
            try:
                student.layer_rates(model, rate, {patterns[0]: float(rates[0]), pattern: 0.5})
            except ValueError:
                return True
            return False

        returned = {"refused": [refuses(pattern) for pattern in refused]}
        variables = [v for name in weights for v in model.get_layer(name).trainable_variables]
        before = [np.array(v) for v in variables]
        optimizer = student.layer_rates(model, rate, dict(zip(patterns, rates.tolist())))
        optimizer.apply([keras.ops.convert_to_tensor(g) for g in gradients], variables)
        returned["kind"] = isinstance(optimizer, keras.optimizers.MultiOptimizer)
        returned["steps"] = [b - np.array(v) for v, b in zip(variables, before)]
        return returned

    def judge(self, given, returned):
        default, (first, second, third) = given["rate"], given["rates"]
        rates = [first, first, second, second, default, default, default, third]
        yield (
            _all_close(
                [step / rate for step, rate in zip(returned["steps"], rates)], given["gradients"]
            ),
            "A variable moves by its gradient times the rate of the pattern that matches it, or "
            "times the rate of all others.",
        )
        yield returned["kind"], "The result is a MultiOptimizer."
        yield (
            len(returned["refused"]) == len(given["refused"]) and all(returned["refused"]),
            "A pattern that matches the whole path of no trainable variable raises a ValueError.",
        )


def _dense(rng, features, units):
    """Kernel and bias of a layer."""
    kernel = rng.normal(scale=features**-0.5, size=(features, units))
    return [kernel.astype("float32"), rng.normal(size=units).astype("float32")]


def _batch_norm(rng, units):
    """Gamma, beta, moving mean and moving variance of a layer."""
    sizes = rng.uniform(0.5, 2, size=(2, units)).astype("float32")
    places = rng.normal(size=(2, units)).astype("float32")
    return [sizes[0], places[0], places[1], sizes[1]]


def _batch_normed(h, weights):
    """Batch normalisation as in inference."""
    gamma, beta, mean, variance = (weight.astype("float64") for weight in weights)
    return gamma * (h - mean) / np.sqrt(variance + EPSILON) + beta


def _features(x, weights):
    """What a base of one layer and its batch normalisation returns."""
    return _batch_normed(x @ weights["stem"][0] + weights["stem"][1], weights["norm"])


def _descend(features, y, head, rate, epochs):
    """Kernel and bias of a linear head after gradient descent on the mean squared error."""
    kernel, bias = (weight.astype("float64") for weight in head)
    for _ in range(epochs):
        slope = 2 * (features @ kernel + bias - y) / y.size
        kernel, bias = kernel - rate * features.T @ slope, bias - rate * slope.sum(axis=0)
    return kernel, bias


def _halved(weights):
    return [weight / 2 for weight in weights]


def _close(found, expected):
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-4, atol=1e-4)


def _all_close(found, expected):
    return len(found) == len(expected) and all(map(_close, found, expected))


def _equal(found, expected):
    """Whether two lists of arrays agree to the last bit."""
    return len(found) == len(expected) and all(map(np.array_equal, found, expected))
