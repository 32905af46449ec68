"""The head is replayed from a new input, and everything is written out in loops."""

LOSES = {}


# %% split_model
def split_model(model, layer_name):
    position = [layer.name for layer in model.layers].index(layer_name)
    bottleneck = model.layers[position].output
    base = keras.Model(inputs=model.inputs[0], outputs=bottleneck)
    entry = keras.Input(bottleneck.shape[1:])
    replayed = {id(bottleneck): entry}
    for layer in model.layers[position + 1 :]:
        arguments = layer.input
        if isinstance(arguments, list):
            replayed[id(layer.output)] = layer([replayed[id(tensor)] for tensor in arguments])
        else:
            replayed[id(layer.output)] = layer(replayed[id(arguments)])
    head = keras.Model(entry, replayed[id(model.outputs[0])])
    return [base, head, keras.Model(model.inputs[0], model.outputs[0])]


# %% cache_features
def cache_features(base, x, path, batch_size):
    if path.exists():
        if np.load(path, mmap_mode="r").shape[0] != len(x):
            raise ValueError("an old file")
        return np.load(path, mmap_mode="r")
    folder = tempfile.mkdtemp(dir=path.parent)
    whole = None
    for i in range(-(-len(x) // batch_size)):
        batch = base.predict_on_batch(x[i * batch_size : (i + 1) * batch_size])
        if whole is None:
            whole = np.lib.format.open_memmap(
                folder + "/whole.npy", mode="w+", dtype="f4", shape=(len(x),) + batch.shape[1:]
            )
        whole[i * batch_size : i * batch_size + len(batch)] = batch
    del whole
    os.rename(folder + "/whole.npy", path)
    os.rmdir(folder)
    return np.load(path, mmap_mode="r")


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    batches = [base(x[i : i + batch_size], training=False) for i in range(0, len(x), batch_size)]
    for _ in range(epochs):
        for i, features in enumerate(batches):
            head.train_on_batch(features, y[i * batch_size : (i + 1) * batch_size])


def attach(base, head):
    return keras.Sequential([base, head])


# %% freeze
def freeze(model, until, optimizer, loss):
    names = [layer.name for layer in model.layers]
    count = 0 if until is None else names.index(until) + 1
    for number, layer in enumerate(model.layers):
        layer.trainable = number >= count
        if "BatchNormalization" in type(layer).__name__:
            layer.trainable = False
    model.compile(optimizer, loss)


# %% layer_rates
def layer_rates(model, rate, rates):
    chosen = {}
    for pattern, smaller in rates.items():
        matching = [v for v in model.trainable_variables if re.fullmatch(pattern, v.path)]
        if len(matching) == 0:
            raise ValueError(f"nothing matches {pattern}")
        optimizer = keras.optimizers.SGD(learning_rate=smaller)
        chosen.update({v.path: optimizer for v in matching})
    others = keras.optimizers.SGD(learning_rate=rate)
    return keras.optimizers.MultiOptimizer(lambda variable: chosen.get(variable.path, others))
