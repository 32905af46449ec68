"""Models are called by models, features come from `predict`, patterns are set one by one."""

LOSES = {}


# %% split_model
def split_model(model, layer_name):
    bottleneck = model.get_layer(layer_name).output
    base = keras.Model(model.inputs, bottleneck, name="base")
    head = keras.Model(bottleneck, model.outputs, name="head")
    x = keras.Input(model.input_shape[1:])
    h = head(base(x))
    return base, head, keras.Model(x, h[0] if isinstance(h, list) else h)


# %% cache_features
def cache_features(base, x, path, batch_size):
    if not path.is_file():
        unfinished = str(path) + ".part.npy"
        shape = (x.shape[0],) + tuple(base.output.shape[1:])
        features = np.lib.format.open_memmap(unfinished, mode="w+", dtype=np.float32, shape=shape)
        for start in range(0, x.shape[0], batch_size):
            stop = min(start + batch_size, x.shape[0])
            features[start:stop] = base.predict(x[start:stop], batch_size=batch_size, verbose=0)
        features.flush()
        del features
        Path(unfinished).rename(path)
    features = np.lib.format.open_memmap(path, mode="r")
    if features.shape[0] != x.shape[0]:
        raise ValueError(f"{features.shape[0]} rows on disk, {x.shape[0]} asked for")
    return features


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    features = np.concatenate([base.predict_on_batch(part) for part in np.array_split(x, 2)])
    head.fit(x=features, y=y, batch_size=batch_size, epochs=epochs, verbose=0, shuffle=False)


def attach(base, head):
    x = keras.Input(base.input_shape[1:])
    return keras.Model(inputs=x, outputs=head(base(x, training=False)))


# %% freeze
def freeze(model, until, optimizer, loss):
    if until is None:
        below = []
    else:
        below = keras.Model(model.input, model.get_layer(until).output).layers
    for layer in model.layers:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer not in below and not is_norm
    model.compile(optimizer=optimizer, loss=loss, metrics=["mae"])


# %% layer_rates
def layer_rates(model, rate, rates):
    table = keras.optimizers.OptimizerMap(keras.optimizers.SGD(rate))
    for pattern in rates:
        if sum(re.fullmatch(pattern, v.path) is not None for v in model.trainable_weights) < 1:
            raise ValueError(f"{pattern} is the path of no trainable variable")
        table[pattern] = keras.optimizers.SGD(rates[pattern])
    return keras.optimizers.MultiOptimizer(table)
