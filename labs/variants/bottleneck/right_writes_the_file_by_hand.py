"""The file is written byte by byte, the head is trained on tensors, rates hang on layers."""

LOSES = {}


# %% split_model
def split_model(model, layer_name):
    cut = model.get_layer(layer_name).output
    lower, upper = keras.Model(model.input, cut), keras.Model(cut, model.output)
    return lower, upper, keras.Model(lower.input, upper(lower.output))


# %% cache_features
import contextlib


def cache_features(base, x, path, batch_size):
    if not path.exists():
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            try:
                header = {"descr": "<f4", "fortran_order": False}
                header["shape"] = (len(x), *base.output_shape[1:])
                np.lib.format.write_array_header_1_0(file, header)
                for start in range(0, len(x), batch_size):
                    features = base(ops.convert_to_tensor(x[start : start + batch_size]))
                    file.write(np.ascontiguousarray(features, "<f4").tobytes())
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(file.name)
                raise
        os.replace(file.name, path)
    features = np.load(path, mmap_mode="r+")
    if features.shape[0] != len(x):
        raise ValueError(f"{path} belongs to other inputs")
    return features


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    features = ops.stop_gradient(base(ops.convert_to_tensor(x), training=False))
    for _ in range(epochs):
        head.fit(features, ops.convert_to_tensor(y), batch_size=batch_size, verbose=0)


def attach(base, head):
    h = base.output
    for layer in head.layers[1:]:
        h = layer(h)
    return keras.Model(base.input, h)


# %% freeze
def freeze(model, until, optimizer, loss):
    model.trainable = False
    model.trainable = True
    if until is not None:
        keras.Model(model.inputs, model.get_layer(until).output).trainable = False
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = False
    model.compile(loss=loss, optimizer=optimizer, run_eagerly=True)


# %% layer_rates
def layer_rates(model, rate, rates):
    optimizers = {}
    for variable in model.trainable_variables:
        for pattern, own in rates.items():
            if re.compile(pattern).fullmatch(variable.path):
                optimizers.setdefault(pattern, keras.optimizers.SGD(own))
    if set(rates) - set(optimizers):
        raise ValueError(f"no variable for {set(rates) - set(optimizers)}")
    return keras.optimizers.MultiOptimizer(
        optimizer_map=keras.optimizers.OptimizerMap(keras.optimizers.SGD(rate), optimizers)
    )
