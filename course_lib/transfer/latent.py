"""Latent space transfer: a new kind of input learns the language of an old, frozen encoder.

An old model is encoder E₁ and classifier head. Pairs of a new and an old input that mean the same,
a spoken and a written digit say, train a new encoder E₂ to

    min ‖E₂(x₂) − sg E₁(x₁)‖²

and the old head then reads what E₂ writes. E₁ is frozen, so E₁(x₁) is computed once, before the
training: numbers have no gradient, and that is the stop-gradient sg. Were E₁ trained along, both
could agree on a constant.
"""

from typing import NamedTuple

import keras
import numpy as np

from course_lib.transfer.cuts import Network, accuracy, draw


class Row(NamedTuple):
    """One trained model.

    Attributes:
        seed: Seed of the run. Models of the same seed and number of pairs are pairs.
        pairs: Number of pairs, or of labelled new inputs.
        method: `"latent"` or `"scratch"`.
        accuracy: Share of the new test inputs that the model gets right, from 0 to 1.
    """

    seed: int
    pairs: int
    method: str
    accuracy: float


def draw_pairs(y_new, y_old, pairs, seed):
    """Pairs new inputs with old ones of the same class, drawn at random.

    Classes take turns, so that few pairs hold all of them; fewer pairs with the same seed are the
    first of many.

    Args:
        y_new: Classes of the new inputs, `(rows,)`. Used to draw pairs, and for nothing else.
        y_old: Classes of the old inputs, `(other rows,)`, each of `y_new` among them.
        pairs: Number of pairs, at most the number of new inputs.
        seed: Seed of the draw.

    Returns:
        Row numbers of the new and of the old inputs, `(pairs,)` each. No new input comes twice.

    Raises:
        ValueError: if there are fewer new inputs than pairs, or no old input of a class.
    """
    y_new, y_old = np.asarray(y_new), np.asarray(y_old)
    if pairs > len(y_new):
        raise ValueError(f"There are {len(y_new)} new inputs, too few for {pairs} pairs.")
    if missing := set(y_new.tolist()) - set(y_old.tolist()):
        raise ValueError(f"No old input has the classes {sorted(missing)} of the new ones.")
    rng = np.random.default_rng(seed)
    turn, partner = np.empty(len(y_new), int), np.empty(len(y_new), int)
    for c in np.unique(y_new):
        rows = rng.permutation(np.flatnonzero(y_new == c))
        turn[rows] = np.arange(len(rows))
        partner[rows] = rng.choice(np.flatnonzero(y_old == c), len(rows))
    new = np.argsort(turn, kind="stable")[:pairs]
    return new, partner[new]


def least_squares(x, z, ridge=0.0):
    """The best linear encoder: min ‖x W + b − z‖² + ridge ‖W‖², summed over all pairs.

    Args:
        x: New inputs, `(pairs, features)`.
        z: Their partners' places in the latent space, `(pairs, latent)`.
        ridge: Weight of the squares of W, for few pairs.

    Returns:
        W `(features, latent)` and b `(latent,)`, as `Dense.set_weights` takes them. Without a
        ridge and with fewer pairs than features, the smallest W of all that fit.
    """
    x, z = np.asarray(x, "float64"), np.asarray(z, "float64")
    left = np.vstack([x - x.mean(axis=0), np.sqrt(ridge) * np.eye(x.shape[1])])
    right = np.vstack([z - z.mean(axis=0), np.zeros((x.shape[1], z.shape[1]))])
    kernel = np.linalg.lstsq(left, right)[0]
    return kernel, z.mean(axis=0) - x.mean(axis=0) @ kernel


def compare(old_encoder, head, build, old, new, pairs, seeds, steps, batch_size=32, optimizer=None):
    """Latent space transfer against a classifier from scratch, for numbers of pairs.

    `"latent"` never sees a label of a new input: it learns where partners lie, and the old head
    reads it. `"scratch"` is the same encoder and a new head of the old one's shape, trained on the
    labels of the same new inputs. Both start from the same weights and see rows in the same order.

    Args:
        old_encoder: E₁, a `keras.Model` from old inputs to the latent space.
        head: A `keras.Model` from the latent space to softmax outputs. Both are left as they are.
        build: Function without arguments that returns E₂, a new `keras.Model` from new inputs to
            the latent space.
        old: Old inputs and their classes, `(x, y)`.
        new: A `Task` of new inputs, with the same classes.
        pairs: Numbers of pairs.
        seeds: Integers from 0.
        steps: Number of batches, for every model.
        batch_size: Pairs in a batch.
        optimizer: A Keras optimizer, whose settings every model gets; Adam by default.

    Returns:
        A list of `Row`s, one for each seed, number of pairs and method, in this order.
    """

    def build_scratch():
        encoder = build()
        outputs = keras.models.clone_model(head)(encoder.outputs[0])
        return keras.Model(encoder.inputs[0], outputs)

    optimizer = optimizer or keras.optimizers.Adam()
    encoder = Network(build, "mse", optimizer)
    latent = keras.Model(encoder.model.inputs[0], head(encoder.model.outputs[0]))
    scratch = Network(build_scratch, "sparse_categorical_crossentropy", optimizer)
    targets = old_encoder.predict(old[0], verbose=0)
    rows = []
    for seed in seeds:
        starts = draw(build, seed), draw(build_scratch, seed)
        for count in pairs:
            few, partners = draw_pairs(new.y_train, old[1], count, seed)
            x, order = new.x_train[few], (steps, batch_size, seed)
            encoder.train(starts[0], x, targets[partners], *order)
            rows.append(Row(seed, count, "latent", accuracy(latent, new.x_test, new.y_test)))
            scratch.train(starts[1], x, new.y_train[few], *order)
            rows.append(
                Row(seed, count, "scratch", accuracy(scratch.model, new.x_test, new.y_test))
            )
    return rows
