"""Hidden checks of the lab `bottleneck`."""

import io
import re

import numpy as np

from classroom.checks import Array, Check, shown

EPSILON = 1e-3  # of the normalising layers of Keras


class SplitModel(Check):
    """Three models that share layers and agree to the bit."""

    task = "split_model"
    points = 5
    points_shown = 2

    def example(self, rng):
        names, sizes, doublings = ["stem", "norm", "cut", "above", "out"], [6, 5, 4, 3, 2], 0
        if rng is not None:
            names = [f"{name}_{rng.integers(10, 100)}" for name in names]
            sizes, doublings = rng.permutation([3, 4, 5, 6, 7]).tolist(), 1
        rng = rng or np.random.default_rng(0)
        return self._make(rng, (3,), names, sizes) | {"doublings": doublings}

    def given(self, rng):
        tag, width = rng.integers(10, 100), int(rng.integers(3, 6))
        names = [f"cut_{tag}_below", "norm", f"cut_{tag}", f"cut_{tag}_above", "out"]
        sizes = [int(rng.integers(4, 8)), 5, width, width, 2]
        given = self._make(rng, (9, 3), names, sizes) | {"doublings": 2, "frozen": names[0]}
        out = given["weights"].pop("out")
        given["weights"] |= {"beside": _dense(rng, width, width), "out": out}
        return given

    @staticmethod
    def _make(rng, rows, names, sizes):
        features, stem, width, above, out = sizes
        values = [
            _dense(rng, features, stem),
            _batch_norm(rng, stem),
            _dense(rng, stem, width),
            _dense(rng, width, above),
            _dense(rng, above, out),
        ]
        return {
            "x": rng.normal(size=(*rows, features)).astype("float32"),
            "weights": dict(zip(names, values)),
            "frozen": "",
            "bottlenecks": rng.normal(size=(*rows, width)).astype("float32"),
        }

    @staticmethod
    def run(student, x, weights, doublings, frozen, bottlenecks):
        import keras
        import numpy as np
        import tensorflow as tf

        def dense(name, activation=None):
            return keras.layers.Dense(weights[name][1].size, activation=activation, name=name)

        stem, norm, cut, above, *beside, out = weights
        inputs = keras.Input(x.shape[1:])
        h = keras.layers.BatchNormalization(name=norm)(dense(stem)(inputs))
        for _ in range(doublings):
            h = keras.layers.Rescaling(2.0)(h)
        bottleneck = dense(cut, "tanh")(h)
        h = dense(above, "tanh")(bottleneck)
        for name in beside:
            h = keras.layers.Add()([bottleneck, h, dense(name, "tanh")(bottleneck)])
        model = keras.Model(inputs, dense(out)(h))
        for name, values in weights.items():
            model.get_layer(name).set_weights(values)
            model.get_layer(name).trainable = name != frozen

        def about():
            parts = [(layer.name, layer.trainable) for layer in model.layers]
            return model.name, model.trainable, model.compiled, parts

        before = about()
        base, head, whole = student.split_model(model, cut)
        models = {"base": base, "head": head, "whole": whole, "model": model}

        def outputs():
            found = {name: models[name](x) for name in ("base", "whole", "model")}
            found["head"] = head(found["base"])
            return {name: keras.ops.convert_to_numpy(value) for name, value in found.items()}

        returned = {"entry": np.array([size or 0 for size in head.input_shape])}
        returned["unchanged"], bias = about() == before, model.get_layer(cut).bias.value
        for name, compute in (("whole", whole), ("composed", lambda x: head(base(x)))):
            with tf.GradientTape() as tape:
                total = keras.ops.sum(compute(x))
            slope = tape.gradient(total, bias, unconnected_gradients="zero")
            returned[f"{name}_slope"] = keras.ops.convert_to_numpy(slope)
        trainable = [len(part.trainable_variables) for part in models.values()]
        returned["trainable"] = np.array(trainable)
        returned["before"] = outputs()
        try:
            returned["alone"] = keras.ops.convert_to_numpy(head(bottlenecks))
        except Exception:
            returned["alone"] = np.full_like(returned["before"]["head"], np.nan)
        for part in ("base", "head"):
            for weight in models[part].weights:
                weight.assign(weight / 2)
            returned[f"{part}_halved"] = outputs()
        found = {"head": head(base(x, training=True), training=True)}
        found["whole"] = whole(x, training=True)
        returned["training"] = {
            name: keras.ops.convert_to_numpy(value) for name, value in found.items()
        }
        return returned

    def returns(self, given):
        rows, out = given["x"].shape[:-1], list(given["weights"].values())[-1][1].size
        output = Array((*rows, out))
        outputs = {"head": output, "whole": output, "model": output}
        outputs["base"] = Array((None,) * given["x"].ndim)
        slope = Array(given["bottlenecks"].shape[-1:])
        return {
            "entry": Array((None,), "iu"),
            "unchanged": bool,
            **{"whole_slope": slope, "composed_slope": slope},
            "trainable": Array((4,), "iu"),
            "before": outputs,
            "alone": output,
            "base_halved": outputs,
            "head_halved": outputs,
            "training": {"head": output, "whole": output},
        }

    def judge(self, given, returned):
        bottleneck, output = self._outputs(given, given["weights"])
        before, below = returned["before"], list(given["weights"])[:3]
        yield shown(
            before["base"].shape == bottleneck.shape,
            "The first model ends at the bottleneck.",
        )
        yield (
            _close(before["base"], bottleneck),
            "The first model returns the output of the named layer.",
        )
        yield shown(
            np.array_equal(returned["entry"], [0, *bottleneck.shape[1:]]),
            "The second model takes bottlenecks, with one batch axis.",
        )
        yield shown(
            _close(before["whole"], output) and np.array_equal(before["whole"], before["model"]),
            "The third model returns what the given one does, whose weights stay.",
        )
        yield shown(
            np.array_equal(before["head"], before["whole"]),
            "The second model applied to what the first returns equals the third to the last bit.",
        )
        yield shown(
            not _close(returned["alone"], before["head"]) and np.isfinite(returned["alone"]).all(),
            "What the second model returns depends on the bottlenecks that it is given.",
        )
        yield (
            _close(returned["alone"], self._head(given["weights"], given["bottlenecks"])),
            "The second model goes from any bottlenecks to the output.",
        )
        halved = {name: _halved(values) for name, values in given["weights"].items()}
        base_halved = given["weights"] | {name: halved[name] for name in below}
        yield (
            self._follow(given, returned["base_halved"], base_halved)
            and self._follow(given, returned["head_halved"], halved),
            "All models share their weights: what changes in one changes in the others.",
        )
        output = self._outputs(given, halved, training=True)[1]
        yield (
            all(_close(found, output) for found in returned["training"].values()),
            "In training, too, the models do what the given one does.",
        )
        slope = self._slope(given, list(given["weights"])[2])
        yield (
            _close(returned["whole_slope"], slope) and _close(returned["composed_slope"], slope),
            "The gradient of the whole reaches the base.",
        )
        yield (
            returned["unchanged"],
            "Cutting leaves the model's name, its layers and whether it is compiled as they are.",
        )
        counts = np.array([2 * (name != given["frozen"]) for name in given["weights"]])
        counts = [counts[:3].sum(), counts[3:].sum(), counts.sum(), counts.sum()]
        yield (
            np.array_equal(returned["trainable"], counts),
            "Each model has the variables of its own part, and what is trainable stays so.",
        )

    def _follow(self, given, found, weights):
        bottleneck, output = self._outputs(given, weights)
        expected = {"base": bottleneck, "head": output, "whole": output, "model": output}
        return all(_close(found[name], expected[name]) for name in expected)

    def _slope(self, given, cut):
        """Gradient of the sum of the outputs with respect to the bias of the bottleneck."""
        kernel, bias = given["weights"][cut]
        step, slope = 1e-5, []
        for unit in np.eye(len(bias)):
            ends = [given["weights"] | {cut: [kernel, bias + end * unit]} for end in (step, -step)]
            high, low = (self._outputs(given, weights)[1].sum() for weights in ends)
            slope.append((high - low) / (2 * step))
        return np.array(slope)

    @staticmethod
    def _outputs(given, weights, training=False):
        stem, norm, cut, *_ = weights.values()
        h = _affine(given["x"], stem)
        if training:
            axes = tuple(range(h.ndim - 1))
            norm = [*norm[:2], h.mean(axis=axes), h.var(axis=axes)]
        bottleneck = np.tanh(_affine(_batch_normed(h, norm) * 2.0 ** given["doublings"], cut))
        return bottleneck, SplitModel._head(weights, bottleneck)

    @staticmethod
    def _head(weights, bottleneck):
        above, *beside, out = list(weights.values())[3:]
        h = np.tanh(_affine(bottleneck, above))
        for branch in beside:
            h = bottleneck + h + np.tanh(_affine(bottleneck, branch))
        return _affine(h, out)


class CacheFeatures(Check):
    """Features once, in a file that is whole or not there."""

    task = "cache_features"
    points = 6
    points_shown = 2

    def example(self, rng):
        if rng is None:
            given = self._make(np.random.default_rng(0), 4, (10, 6), [4])
            statistics = [np.array(row, "float32") for row in ([1, 0, 1, 0], [4, 1, 1, 1])]
            given["weights"]["norm"][2:] = statistics
            return given
        batch_size, units = int(rng.integers(5, 8)), int(rng.integers(5, 9))
        rows = 2 * batch_size + int(rng.integers(1, batch_size))
        return self._make(rng, batch_size, (rows, int(rng.integers(3, 6))), [units])

    def given(self, rng):
        batch_size = int(rng.integers(3, 6))
        rows = 3 * batch_size + 2
        return self._make(rng, batch_size, (rows, 2, int(rng.integers(4, 8))), [4, 3])

    @staticmethod
    def _make(rng, batch_size, shape, features):
        units = int(np.prod(features) / np.prod(shape[1:-1]))
        x = rng.normal(size=shape).astype("float32")
        broken = rng.normal(size=shape).astype("float32")
        broken[rng.integers(batch_size, shape[0])] = np.nan
        return {
            "x": x,
            "weights": {"stem": _dense(rng, shape[-1], units), "norm": _batch_norm(rng, units)},
            "shape": features,
            "batch_size": batch_size,
            "broken": broken,
            "stored": rng.normal(size=(shape[0], *features)).astype("float32"),
            "wide": rng.normal(size=(128, 2)).astype("float16").astype("float32"),
        }

    @staticmethod
    def run(student, x, weights, shape, batch_size, broken, stored, wide):
        import os
        import sys
        import tempfile
        import tracemalloc
        import weakref
        from pathlib import Path

        import keras
        import numpy as np
        import tensorflow as tf

        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        path, noted, tensors, kept = Path(folder.name, "features.npy"), [], [], [0]
        listening, slow = [True], []

        def gate(x):
            tf.numpy_function(lambda n: noted.append((int(n), path.exists())), [tf.shape(x)[0]], [])
            return tf.debugging.check_numerics(x, "This row stops the run.")

        def real(name):
            return Path(os.path.realpath(os.fsdecode(name)))

        def listen(event, about):
            """Notes a file that is made at the path, or comes there from elsewhere."""
            if not listening or event not in ("open", "os.rename", "os.link"):
                return
            if any(not isinstance(name, (str, bytes, os.PathLike)) for name in about[:1]):
                return  # a file that is open already
            made = event == "open" and about[2] & os.O_CREAT and real(about[0]) == real(path)
            moved = event != "open" and real(about[1]) == real(path)
            if made or (moved and real(path).parent not in real(about[0]).parents):
                slow.append(event)

        def watch(x):
            x = x * 1
            if tf.executing_eagerly():
                tensors.append(weakref.ref(x))
                kept.append(sum(tensor() is not None for tensor in tensors))
            return x

        def attempt(x):
            try:
                return student.cache_features(base, x, path, batch_size), ""
            except Exception as error:
                return np.zeros((len(x), *base.output_shape[1:])), type(error).__name__

        inputs, first = keras.Input(x.shape[1:]), keras.layers.Lambda(gate, x.shape[1:])
        first.supports_jit = False
        h = keras.layers.Dense(weights["stem"][1].size, name="stem")(first(inputs))
        h = keras.layers.BatchNormalization(name="norm")(h)
        base = keras.Model(inputs, keras.layers.Reshape(shape)(h))
        base.set_weights([*weights["stem"], *weights["norm"]])
        sys.addaudithook(listen)
        found = [student.cache_features(base, x, path, batch_size)]
        listening.clear()  # a hook stays until the process ends
        returned = {"in_one_step": not slow}
        returned |= {"saved": np.fromfile(path, "u1"), "passed": np.array([n for n, _ in noted])}
        base.set_weights([weight / 2 for weight in [*weights["stem"], *weights["norm"]]])
        found.append(student.cache_features(base, x, path, batch_size))
        base.set_weights([*weights["stem"], *weights["norm"]])
        returned["passed_again"], mapped = len(noted), [isinstance(f, np.memmap) for f in found]
        returned |= {"mapped": mapped, "features": np.array(found[0]), "again": np.array(found[1])}
        np.save(path := path.with_name("stored.npy"), stored)
        returned["opened"] = np.array(attempt(x)[0])
        returned["refused"] = [attempt(z)[1] == "ValueError" for z in (x[1:], x.repeat(2, 0))]
        returned["stored"] = np.load(path)
        returned["passed_later"], path = len(noted), path.with_name("interrupted.npy")
        returned["interrupted"] = attempt(broken)[1] != ""
        returned["early"] = path.exists() or any(early for _, early in noted)
        returned["restarted"] = np.array(attempt(x)[0])
        returned["weights"] = {name: base.get_layer(name).get_weights() for name in weights}
        inputs, path = keras.Input((2,)), path.with_name("wide.npy")
        h = keras.layers.RepeatVector(8192)(inputs)
        base = keras.Model(inputs, keras.layers.Lambda(watch, dtype="float16")(h))
        tracemalloc.start()
        features, peak = attempt(wide)[0], tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        streamed = peak < wide.nbytes * 8192 / 2 and max(kept) <= 3
        return returned | {"streamed": streamed, "wide": np.array(features[:, [0, -1]])}

    def returns(self, given):
        features = Array((None,) * given["stored"].ndim)
        names = ["features", "again", "opened", "stored", "restarted"]
        return {
            **dict.fromkeys(names, features),
            **dict.fromkeys(["passed_again", "passed_later"], int),
            **dict.fromkeys(["interrupted", "early", "streamed", "in_one_step"], bool),
            **{name: [bool, bool] for name in ("mapped", "refused")},
            "passed": Array((None,), "iu"),
            "saved": Array((None,), "u"),
            "weights": _form(given["weights"]),
            "wide": Array((len(given["wide"]), 2, 2)),
        }

    def judge(self, given, returned):
        x, weights, stored = given["x"], given["weights"], given["stored"]
        features = _features(x, weights).reshape(stored.shape)

        def right(*found):
            return all(one.dtype == np.float32 and _close(one, features) for one in found)

        batches = np.full(-(-len(x) // given["batch_size"]), given["batch_size"])
        batches[-1] -= batches.sum() - len(x)
        count = len(returned["passed"])
        yield shown(
            right(returned["features"], returned["again"]),
            "Both calls return what the base computes in inference: all rows, all axes, float32.",
        )
        yield (
            right(self._read(returned["saved"], features.shape)),
            "The file is a .npy file that holds all features, as float32.",
        )
        yield shown(returned["mapped"][0], "The features are returned as a memory map.")
        yield returned["mapped"][1], "Features on disk are returned as a memory map, not loaded."
        yield shown(returned["passed"].sum() == len(x), "Each row passes the base exactly once.")
        yield (
            np.array_equal(returned["passed"], batches),
            "Batches have the rows that they should have, only the last one may have fewer.",
        )
        yield shown(
            returned["passed_again"] == count,
            "Features that are on disk are not computed again.",
        )
        yield (
            np.array_equal(returned["opened"], stored) and returned["passed_later"] == count,
            "A file at the path is opened, whoever wrote it, and the base is not called.",
        )
        yield (
            all(_equal(returned["weights"][name], weights[name]) for name in weights),
            "Computing features leaves the base as it is.",
        )
        yield (
            returned["interrupted"] and not returned["early"],
            "A run that is interrupted says so. There is no file at the path before all features "
            "are in it.",
        )
        yield (
            returned["in_one_step"],
            "The whole file comes to the path in a single step, from another name beside it.",
        )
        yield right(returned["restarted"]), "A run after an interrupted one computes all features."
        yield (
            all(returned["refused"]) and np.array_equal(returned["stored"], stored),
            "A file with another number of rows, more or fewer, raises a ValueError and stays.",
        )
        wide = np.stack([given["wide"]] * 2, axis=1)
        yield returned["streamed"], "Not all features are in memory at the same time."
        yield (
            returned["wide"].dtype == np.float32 and np.array_equal(returned["wide"], wide),
            "The features are float32, whatever the base computes in.",
        )

    @staticmethod
    def _read(content, shape):
        """The array in a .npy file; an empty one if it is none or has another shape."""
        file = io.BytesIO(content.tobytes())
        try:
            np.lib.format.read_magic(file)
            found, _, dtype = np.lib.format.read_array_header_1_0(file)
            if (found, dtype) == (shape, np.float32):
                return np.frombuffer(file.read(), dtype).reshape(shape)
        except ValueError:
            pass
        return np.zeros(0)


class TrainHead(Check):
    """Gradient descent on the features, and a model that shares all layers."""

    task = "train_head"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            given = self._make(np.random.default_rng(0), (12, 6), [4], 1)
            given["weights"]["norm"] = [np.full(4, v, "float32") for v in (1, 0, 0, 1)]
            given["weights"]["out"] = [np.zeros_like(weight) for weight in given["weights"]["out"]]
            return given | {"y": np.ones((12, 1), "float32"), "epochs": [3, 3], "rate": 0.1}
        units = int(rng.integers(5, 8))
        return self._make(rng, rng.integers((8, 3), (12, 6)).tolist(), [units], 2)

    def given(self, rng):
        shape = rng.integers((8, 3), (13, 6)).tolist()
        return self._make(rng, shape, [2, 2], 2) | {
            "loss": "log_cosh",
            "penalty": float(rng.uniform(0.3, 0.6)),
            "factor": 2.0,
        }

    @staticmethod
    def _make(rng, shape, features, outputs):
        units = int(np.prod(features))
        return {
            "x": rng.normal(size=shape).astype("float32"),
            "y": rng.normal(size=(shape[0], outputs)).astype("float32"),
            "weights": {
                "stem": _dense(rng, shape[1], units),
                "norm": _batch_norm(rng, units),
                "out": _dense(rng, units, outputs),
            },
            "shape": features,
            "epochs": [int(rng.integers(2, 4)), 4],
            "batch_size": shape[0] // 2 + 1,
            "rate": float(rng.uniform(0.02, 0.05)),
            "loss": "mse",
            "penalty": 0.0,
            "factor": 1.0,
        }

    @staticmethod
    def run(student, x, y, weights, shape, epochs, batch_size, rate, loss, penalty, factor):
        import keras
        import numpy as np
        import tensorflow as tf
        from keras import ops

        noted = []

        class Louder(keras.layers.Layer):
            """Multiplies in training alone."""

            def call(self, x, training=False):
                return factor * x if training else x

        def gate(x):
            tf.numpy_function(lambda rows: noted.append(int(rows)), [tf.shape(x)[0]], [])
            return x

        def build():
            inputs, features = keras.Input(x.shape[1:]), keras.Input(shape)
            first = keras.layers.Lambda(gate, output_shape=x.shape[1:])
            first.supports_jit = first.trainable = False
            h = keras.layers.Dense(weights["stem"][1].size, name="stem")(first(inputs))
            h = Louder()(keras.layers.BatchNormalization(name="norm")(h))
            base = keras.Model(inputs, keras.layers.Reshape(shape)(h))
            penalised = keras.regularizers.L2(penalty)
            out = keras.layers.Dense(y.shape[1], name="out", kernel_regularizer=penalised)
            head = keras.Model(features, out(Louder()(keras.layers.Flatten()(features))))
            layers = [base.get_layer("stem"), base.get_layer("norm"), out]
            for layer in layers:
                layer.set_weights(weights[layer.name])
            return base, head, layers

        def train(x, y, epochs, batch_size, rate):
            noted.clear()
            layers[2].set_weights(weights["out"])
            optimizer = keras.optimizers.SGD(rate)
            head.compile(optimizer, loss, run_eagerly=True)
            student.train_head(base, head, x, y, epochs, batch_size)
            found = {layer.name: layer.get_weights() for layer in layers}
            return {"counts": np.array([sum(noted), int(optimizer.iterations)]), "weights": found}

        def trainable():
            return [part.trainable for part in (base, head, *base.layers, *head.layers)]

        base, head, layers = build()
        equal, before = [np.repeat(values[:1], len(x), axis=0) for values in (x, y)], trainable()
        returned = {"whole": train(x, y, epochs[0], len(x), rate)}
        # Uphill, every epoch is worse than the one before, and counts nevertheless.
        returned["batches"] = train(*equal, epochs[1], batch_size, -rate)
        returned["trainable_kept"] = trainable() == before
        base, head, layers = build()
        attached = student.attach(base, head)
        returned["kept"] = {layer.name: layer.get_weights() for layer in layers}
        returned["entry"] = np.array([size or 0 for size in attached.input_shape])
        returned["trainable"] = len(attached.trainable_variables)
        with tf.GradientTape() as tape:
            total = ops.sum(attached(x))
        slope = tape.gradient(total, layers[0].kernel.value, unconnected_gradients="zero")
        returned["slope"] = ops.convert_to_numpy(slope)
        returned["attached"] = ops.convert_to_numpy(attached(x))
        returned["composed"] = ops.convert_to_numpy(head(base(x)))
        for layer in layers:
            layer.set_weights([weight / 2 for weight in layer.get_weights()])
        returned["halved"] = ops.convert_to_numpy(attached(x))
        return returned

    def returns(self, given):
        weights, output = _form(given["weights"]), Array(given["y"].shape)
        training = {"counts": Array((2,), "iu"), "weights": weights}
        return {
            **dict.fromkeys(["whole", "batches"], training),
            **dict.fromkeys(["attached", "composed", "halved"], output),
            "trainable_kept": bool,
            "kept": weights,
            "entry": Array((None,), "iu"),
            "trainable": int,
            "slope": Array(given["weights"]["stem"][0].shape),
        }

    def judge(self, given, returned):
        x, weights = given["x"], given["weights"]
        features = _features(x, weights)
        whole, batches = returned["whole"], returned["batches"]
        yield shown(
            whole["counts"][0] == len(x),
            "Each row passes the base exactly once, however many epochs the head is trained.",
        )
        yield shown(
            all(_equal(whole["weights"][name], weights[name]) for name in ("stem", "norm")),
            "The base stays as it is, statistics of batch normalisation included.",
        )
        yield shown(
            _all_moved(whole["weights"]["out"], weights["out"]),
            "The head is trained.",
        )
        epochs, steps = given["epochs"][0], -(-len(x) // given["batch_size"])
        steps *= given["epochs"][1]
        yield (
            _all_close(whole["weights"]["out"], _descend(features, given["y"], given, epochs))
            and whole["counts"][1] == epochs,
            "The head is trained on the features that the base computes in inference, with its own "
            "optimizer and loss, for all epochs.",
        )
        uphill = given | {"rate": -given["rate"]}
        trained = _descend(features[:1], given["y"][:1], uphill, steps)
        yield (
            _all_close(batches["weights"]["out"], trained)
            and np.array_equal(batches["counts"], [len(x), steps])
            and all(_equal(batches["weights"][name], weights[name]) for name in ("stem", "norm")),
            "Trained anew with other inputs, the head takes their features, each row passes the "
            "base once, a step takes a batch of the given size, and every epoch counts.",
        )
        yield (
            returned["trainable_kept"],
            "What is trainable in the base, and what is frozen there, stays so.",
        )
        yield from self._judge_attached(given, returned, features)

    @staticmethod
    def _judge_attached(given, returned, features):
        x, weights = given["x"], given["weights"]
        yield shown(
            np.array_equal(returned["entry"], [0, *x.shape[1:]]),
            "The attached model takes what the base takes.",
        )
        yield shown(
            np.array_equal(returned["attached"], returned["composed"])
            and _close(returned["attached"], _affine(features, weights["out"])),
            "The attached model returns, to the last bit, what the head returns for the features.",
        )
        yield (
            all(_equal(returned["kept"][name], weights[name]) for name in weights)
            and returned["trainable"] == 6,
            "Attaching the head changes no weight, nor what is trainable.",
        )
        gamma, _, _, variance = weights["norm"]
        slope = gamma / np.sqrt(variance + EPSILON) * weights["out"][0].sum(axis=1)
        yield (
            _close(returned["slope"], np.outer(x.sum(axis=0, dtype="float64"), slope)),
            "The gradient of the attached model reaches the base.",
        )
        halved = {name: _halved(values) for name, values in weights.items()}
        yield (
            _close(returned["halved"], _affine(_features(x, halved), halved["out"])),
            "The attached model shares the layers of the base and of the head.",
        )


class Freeze(Check):
    """What is frozen keeps every bit; what is not follows the gradient."""

    task = "freeze"
    points = 5
    points_shown = 2

    def example(self, rng):
        if rng is None:
            rng = np.random.default_rng(0)
            given = self._make(rng, (12, 6), {"stem": 4, "norm": None, "head": 1})
            given["weights"]["norm"] = [np.full(4, v, "float32") for v in (1, 0, 0, 1)]
            return given | {"x": rng.normal(2, 3, size=(12, 6)).astype("float32"), "rate": 0.001}
        names = [f"{name}{rng.integers(10, 100)}" for name in ("below", "norm", "above")]
        layers = dict(zip(names, [int(rng.integers(3, 8)), None, 2]))
        return self._make(rng, rng.integers((8, 3), (12, 6)).tolist(), layers)

    def given(self, rng):
        layers = {"scaled": "layer", "stem_1": 4, "bn": None, "stem": 3, "bn_above": None}
        shape = rng.integers((8, 3), (13, 6)).tolist()
        return self._make(rng, shape, layers | {"norm_out": 2}) | {
            "untils": ["stem", None, "stem_1"],
            "before": "norm_out",
            "loss": "log_cosh",
        }

    @staticmethod
    def _make(rng, shape, layers):
        weights, width = {}, shape[1]
        for name, units in layers.items():
            if isinstance(units, int):
                weights[name], width = _dense(rng, width, units), units
            else:
                count = 2 if units == "layer" else 4
                weights[name] = _batch_norm(rng, width)[:count]
        norm = next(name for name in weights if len(weights[name]) == 4)
        return {
            "x": rng.normal(1, 2, size=shape).astype("float32"),
            "y": rng.normal(size=(shape[0], width)).astype("float32"),
            "weights": weights,
            "untils": [norm, None],
            "before": "",
            "epochs": 3,
            "rate": float(rng.uniform(0.005, 0.01)),
            "loss": "mse",
        }

    @staticmethod
    def run(student, x, y, weights, untils, before, epochs, rate, loss):
        import contextlib

        import keras

        h = inputs = keras.Input(x.shape[1:])
        for name, values in weights.items():
            if len(values) == 4:
                layer = keras.layers.BatchNormalization(name=name)
            elif values[0].ndim == 1:
                layer = keras.layers.LayerNormalization(name=name)
            else:
                layer = keras.layers.Dense(values[1].size, name=name)
            h = layer(h)
        model = keras.Model(inputs, h)
        if before:
            model.get_layer(before).trainable = False
            model.compile("adam", "mse", run_eagerly=True)
            model.train_on_batch(x, y)

        stages = []
        for until in untils:
            for name, values in weights.items():
                model.get_layer(name).set_weights(values)
            optimizer = keras.optimizers.SGD(rate)
            student.freeze(model, until, optimizer, loss)
            stage = {"compiled": model.optimizer is optimizer}
            stage["trainable"] = sorted({v.path.split("/")[0] for v in model.trainable_variables})
            model.run_eagerly = True  # so few steps need no graph
            with contextlib.suppress(ValueError):  # an old optimizer knows other variables
                for _ in range(epochs):
                    model.train_on_batch(x, y)
            stage["weights"] = {name: model.get_layer(name).get_weights() for name in weights}
            stages.append(stage)
        return stages

    def returns(self, given):
        stage = {"compiled": bool, "trainable": [str, ...], "weights": _form(given["weights"])}
        return [stage] * len(given["untils"])

    def judge(self, given, returned):
        weights, (frozen, thawed, *_) = given["weights"], returned
        norms = [name for name, values in weights.items() if len(values) == 4]
        free = [self._free(weights, until) for until in given["untils"]]
        below = [name for name in weights if name not in free[0] and name not in norms]
        yield shown(frozen["compiled"], "The model is compiled with the given optimizer.")
        yield shown(
            all(_equal(frozen["weights"][name], weights[name]) for name in below),
            "The layers up to the named one, itself included, keep their weights to the last bit.",
        )
        yield shown(
            _equal(frozen["weights"][norms[0]], weights[norms[0]]),
            "Batch normalisation keeps its weights and its statistics to the last bit.",
        )
        trained = self._trained(given)(free[0])
        yield shown(
            all(_all_moved(frozen["weights"][name], weights[name]) for name in free[0])
            and all(_all_close(frozen["weights"][name], now) for name, now in trained.items()),
            "What lies above the frozen layers is trained.",
        )
        yield shown(
            thawed["trainable"] == sorted(free[1]),
            "With None, all layers but batch normalisation are trainable, whatever was frozen "
            "before.",
        )
        yield (
            all(found["compiled"] for found in returned),
            "A model that is compiled already is compiled again, with the new optimizer.",
        )
        yield (
            all(
                _equal(found["weights"][name], weights[name])
                for found, these in zip(returned, free)
                for name in weights
                if name not in these
            ),
            "What is frozen, and batch normalisation everywhere, keeps every bit.",
        )
        yield (
            all(
                found["trainable"] == sorted(these)
                and all(_all_close(found["weights"][name], values) for name, values in now.items())
                for found, these, now in zip(returned, free, map(self._trained(given), free))
            ),
            "What is not frozen follows the gradient of the given loss, with batch normalisation "
            "as in inference, whatever was frozen before.",
        )

    @staticmethod
    def _free(weights, until):
        names = list(weights)
        above = names[0 if until is None else names.index(until) + 1 :]
        return [name for name in above if len(weights[name]) < 4]

    @staticmethod
    def _trained(given):
        def train(free):
            weights = {name: list(values) for name, values in given["weights"].items()}
            for _ in range(given["epochs"]):
                slopes = _slopes(given, weights)
                for name in free:
                    weights[name] = [
                        weight - given["rate"] * slope
                        for weight, slope in zip(weights[name], slopes[name])
                    ]
            return {name: weights[name] for name in free}

        return train


class LayerRates(Check):
    """A step is the gradient times the rate of the variable's own pattern."""

    task = "layer_rates"
    points = 3
    points_shown = 1

    def example(self, rng):
        if rng is None:
            fixed = np.random.default_rng(0)
            weights = {"stem": _dense(fixed, 2, 2), "head": _dense(fixed, 2, 2)}
            given = self._make(fixed, weights, ["stem/.*"], [["steam/.*"]])
            given["gradients"] = [
                {name: [np.ones_like(value) for value in values] for name, values in step.items()}
                for step in given["gradients"]
            ]
            return given | {"rate": 0.1, "rates": np.array([0.01])}
        first, second = (f"{name}{rng.integers(10, 100)}" for name in ("low", "top"))
        weights = {first: _dense(rng, 3, 4), second: _dense(rng, 4, 2)}
        return self._make(rng, weights, [f"{first}/.*"], [["steam/.*"]])

    def given(self, rng):
        weights = {
            "frozen": _dense(rng, 3, 3),
            "block1": _dense(rng, 3, 4),
            "norm": _batch_norm(rng, 4),
            "block10": _dense(rng, 4, 4),
            "out": _dense(rng, 4, 2),
        }
        patterns = ["block1/.*", "norm/(gamma|beta)", "out/bias"]
        wrong = ["block2/.*", "block1", "lock1/.*", "block1/kern", "norm/moving_.*", "frozen/.*"]
        wrong += ["Block1/.*", "block1|block2/.*", "BLOCK1/BIAS"]
        refused = [[patterns[0], pattern] for pattern in wrong]
        refused[::2] = [pair[::-1] for pair in refused[::2]]
        return self._make(rng, weights, patterns, refused) | {"frozen": "frozen"}

    @staticmethod
    def _make(rng, weights, patterns, refused):
        rates = rng.permutation([0.02, 0.05, 0.2, 0.4])
        gradients = [
            {
                name: [rng.normal(0, 2, size=value.shape).astype("float32") for value in values[:2]]
                for name, values in weights.items()
            }
            for _ in range(2)
        ]
        return {
            "weights": weights,
            "gradients": gradients,
            "frozen": "",
            "rate": float(rates[0]),
            "patterns": patterns,
            "rates": rates[1 : len(patterns) + 1],
            "refused": refused,
        }

    @staticmethod
    def run(student, weights, gradients, frozen, rate, patterns, rates, refused):
        import keras

        h = inputs = keras.Input((len(next(iter(weights.values()))[0]),))
        for name, values in weights.items():
            if len(values) == 4:
                h = keras.layers.BatchNormalization(name=name)(h)
            else:
                h = keras.layers.Dense(values[1].size, name=name)(h)
        model = keras.Model(inputs, h)
        for name, values in weights.items():
            model.get_layer(name).set_weights(values)
            model.get_layer(name).trainable = name != frozen

        def refuses(patterns):
            try:
                student.layer_rates(model, rate, dict.fromkeys(patterns, 0.5))
            except ValueError:
                return True
            return False

        returned = {"refused": [refuses(patterns) for patterns in refused]}
        optimizer = student.layer_rates(model, rate, dict(zip(patterns, rates.tolist())))
        returned["kind"] = isinstance(optimizer, keras.optimizers.MultiOptimizer)
        names = [name for name in weights if name != frozen]
        variables = [v for name in names for v in model.get_layer(name).trainable_variables]
        returned["steps"] = []
        for step in gradients:
            slopes = [keras.ops.convert_to_tensor(slope) for name in names for slope in step[name]]
            optimizer.apply(slopes, variables)
            found = {name: model.get_layer(name).get_weights() for name in weights}
            returned["steps"].append(found)
        return returned

    def returns(self, given):
        return {
            "refused": [bool] * len(given["refused"]),
            "kind": bool,
            "steps": [_form(given["weights"])] * len(given["gradients"]),
        }

    def judge(self, given, returned):
        first, last = self._steps(given)
        found = returned["steps"]
        yield shown(
            all(
                _close(now, expected, 1e-5)
                for name in first
                for now, expected in zip(found[0][name], first[name])
                if now.ndim == 2
            ),
            "A kernel moves by its gradient times the rate of the pattern that matches it, or "
            "times the rate of all others.",
        )
        yield (
            all(_all_close(found[0][name], first[name], 1e-5) for name in first),
            "Every trainable variable moves by its gradient times its rate, no other one moves.",
        )
        yield (
            all(_all_close(found[1][name], last[name], 1e-5) for name in last),
            "Each step of plain SGD depends on its own gradient alone.",
        )
        yield shown(returned["kind"], "The result is a MultiOptimizer.")
        yield shown(
            all(returned["refused"]),
            "A pattern that matches the whole path of no trainable variable raises a ValueError.",
        )

    @staticmethod
    def _steps(given):
        """Weights after each step."""
        weights, steps = given["weights"], []
        for step in given["gradients"]:
            now = {}
            for name, values in weights.items():
                now[name] = list(values)
                paths = ["gamma", "beta"] if len(values) == 4 else ["kernel", "bias"]
                for i, path in enumerate(paths if name != given["frozen"] else []):
                    own = given["rate"]
                    for pattern, rate in zip(given["patterns"], given["rates"]):
                        own = rate if re.fullmatch(pattern, f"{name}/{path}") else own
                    now[name][i] = values[i] - own * step[name][i].astype("float64")
            weights = now
            steps.append(now)
        return steps


def _dense(rng, features, units):
    """Kernel and bias of a layer."""
    kernel = rng.normal(scale=features**-0.5, size=(features, units))
    return [kernel.astype("float32"), rng.normal(size=units).astype("float32")]


def _batch_norm(rng, units):
    """Gamma, beta, moving mean and moving variance of a layer."""
    sizes = rng.uniform(0.5, 2, size=(2, units)).astype("float32")
    places = rng.normal(size=(2, units)).astype("float32")
    return [sizes[0], places[0], places[1], sizes[1]]


def _affine(h, weights):
    """A layer without activation."""
    kernel, bias = (weight.astype("float64") for weight in weights)
    return h @ kernel + bias


def _batch_normed(h, weights):
    """Batch normalisation as in inference."""
    gamma, beta, mean, variance = (weight.astype("float64") for weight in weights)
    return gamma * (h - mean) / np.sqrt(variance + EPSILON) + beta


def _features(x, weights):
    """What a base of one layer and its batch normalisation returns."""
    return _batch_normed(_affine(x, weights["stem"]), weights["norm"])


def _slope(loss, found, expected):
    """Gradient of the mean loss with respect to what is found."""
    difference = found - expected
    return (2 * difference if loss == "mse" else np.tanh(difference)) / difference.size


def _descend(features, y, given, steps):
    """Kernel and bias of a linear head after gradient descent."""
    kernel, bias = (weight.astype("float64") for weight in given["weights"]["out"])
    features = given["factor"] * features
    for _ in range(steps):
        slope = _slope(given["loss"], features @ kernel + bias, y)
        push = features.T @ slope + 2 * given["penalty"] * kernel
        kernel, bias = kernel - given["rate"] * push, bias - given["rate"] * slope.sum(axis=0)
    return [kernel, bias]


def _slopes(given, weights):
    """Gradients of a chain's weights; batch normalisation as in inference has none."""
    h, entries = given["x"].astype("float64"), {}
    for name, values in weights.items():
        if values[0].ndim == 1 and len(values) == 2:  # normalises the inputs, row by row
            mean, variance = h.mean(axis=1, keepdims=True), h.var(axis=1, keepdims=True)
            h = (h - mean) / np.sqrt(variance + EPSILON)
        entries[name] = h
        if len(values) == 4:
            h = _batch_normed(h, values)
        else:
            h = h * values[0] + values[1] if values[0].ndim == 1 else _affine(h, values)
    push, slopes = _slope(given["loss"], h, given["y"]), {}
    for name in reversed(weights):
        values, entry = weights[name], entries[name]
        if len(values) == 4:
            push = push * values[0] / np.sqrt(values[3] + EPSILON)
        elif values[0].ndim == 1:
            slopes[name] = [(push * entry).sum(axis=0), push.sum(axis=0)]
        else:
            slopes[name] = [entry.T @ push, push.sum(axis=0)]
            push = push @ values[0].T
    return slopes


def _halved(weights):
    return [weight / 2 for weight in weights]


def _form(weights):
    """The form of layers' weights."""
    return {name: [Array(value.shape) for value in values] for name, values in weights.items()}


def _close(found, expected, tolerance=1e-4):
    return found.shape == expected.shape and np.allclose(found, expected, tolerance, tolerance)


def _all_close(found, expected, tolerance=1e-4):
    return len(found) == len(expected) and all(
        _close(now, wanted, tolerance) for now, wanted in zip(found, expected)
    )


def _all_moved(found, before):
    """Whether all arrays are finite and none is what it was."""
    return all(
        np.isfinite(now).all() and not np.array_equal(now, old) for now, old in zip(found, before)
    )


def _equal(found, expected):
    """Whether two lists of arrays agree to the last bit."""
    return len(found) == len(expected) and all(map(np.array_equal, found, expected))
