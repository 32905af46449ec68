"""Answers with the course's own implementations of what the lab asks for."""

LOSES = {
    "split_model-check": 5,
    "cache_features-check": 6,
    "train_head-check": 5,
    "freeze-check": 5,
    "layer_rates-check": 3,
}
REPORTED = "imports parts of the course that labs do without: course_lib.transfer"


# %% split_model
def split_model(model, layer_name):
    from course_lib.transfer import bottleneck

    return tuple(bottleneck.split(model, layer_name))


# %% cache_features
def cache_features(base, x, path, batch_size):
    from course_lib.transfer.bottleneck import save_features

    y, folder = np.zeros(len(x)), path.with_suffix("")
    return save_features(base, x, y, folder, batch_size=batch_size, progressbar=False).x


# %% train_head
def train_head(base, head, x, y, epochs, batch_size):
    from course_lib.transfer.bottleneck import save_features

    with tempfile.TemporaryDirectory() as folder:
        features = save_features(base, x, y, Path(folder), progressbar=False)
        head.fit(features.batches(batch_size), epochs=epochs, verbose=0)


def attach(base, head):
    return keras.Model(base.input, head(base.output))


# %% freeze
def freeze(model, until, optimizer, loss):
    from course_lib.transfer import freezing

    freezing.freeze(model, until)
    model.compile(optimizer=optimizer, loss=loss)


# %% layer_rates
def layer_rates(model, rate, rates):
    from course_lib.transfer import freezing

    return freezing.layer_rates(model, keras.optimizers.SGD(rate), rates)
