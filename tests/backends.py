"""Prints values and gradients of losses and layers, and trainings, on a Keras backend, as JSON."""

import json

import keras
import numpy as np
from keras import layers, ops

from course_lib.consistency import confidence, losses, pairs
from course_lib.consistency.methods import METHODS
from course_lib.contrastive import info_nce
from course_lib.fusion import layers as fusion
from course_lib.fusion import merging, speech
from course_lib.gradients import input_gradient
from course_lib.multitask import architectures, balancing, proximal, relationships
from course_lib.multitask import losses as masked

RNG = np.random.default_rng(0)
FIRST, MOVED = RNG.normal(size=(2, 6, 4)).astype("float32")
FIXED = ops.convert_to_tensor(FIRST)
LABELS = np.array([0, 1, 2, 0, 1, 2])
SHARE = ops.convert_to_tensor(RNG.random(6).astype("float32"))
ORDER = ops.convert_to_tensor(RNG.permutation(6))
LOSSES = {
    "kl_divergence": lambda x: ops.sum(losses.kl_divergence(FIXED, x)),
    "kl_divergence of the target": lambda x: ops.sum(losses.kl_divergence(x, FIXED)),
    "entropy": lambda x: ops.sum(losses.entropy(x)),
    "squared_difference": lambda x: ops.sum(losses.squared_difference(FIXED, x)),
    "uda": lambda x: losses.uda(FIXED, x, 0.5, 0.4),
    "pseudo_label": lambda x: losses.pseudo_label(x, 0.4),
    "fixmatch": lambda x: losses.fixmatch(FIXED, x, 0.4),
    "flexible": lambda x: ops.sum(
        confidence.flexible(0.9, ops.mean(ops.softmax(x), axis=0)) * FIXED[0]
    ),
    "self-adaptive": lambda x: ops.sum(
        confidence.self_adaptive(0.9, ops.mean(ops.softmax(x), axis=0)) * FIXED[0]
    ),
    "gaussian": lambda x: ops.sum(confidence.gaussian(losses.surest(x), 0.7, 0.1)),
    "aligned": lambda x: ops.sum(confidence.aligned(ops.softmax(x), ops.softmax(FIXED[0])) * FIXED),
    "fairness": lambda x: confidence.fairness(
        ops.softmax(FIXED[0]), ops.softmax(FIXED[1]), ops.softmax(x), np.float32(LABELS % 2)
    ),
    "nt_xent": lambda x: pairs.nt_xent(x, FIXED),
    "info_nce": lambda x: info_nce(x, FIXED),
    "sharpen": lambda x: ops.sum(losses.sharpen(ops.softmax(x), 0.5) * FIXED),
    "mix": lambda x: ops.sum(losses.mix(x, ORDER, SHARE) * FIXED),
    "annealed": lambda x: losses.annealed(
        LABELS, x, losses.annealed_threshold(0.5, 4, "exp") + 0.2
    ),
    "contrastive": lambda x: pairs.contrastive(x, FIXED, LABELS == 0, 3.0),
    "triplet": lambda x: pairs.triplet(x, FIXED, ops.flip(FIXED, axis=0), 2.0),
    "semi_hard_triplet": lambda x: pairs.semi_hard_triplet(LABELS, x, 2.0),
}
ANSWERS = RNG.normal(0, 2, (6, 3, 4)).astype("float32")
SOUND = ops.convert_to_tensor(RNG.normal(size=(6, 400)).astype("float32"))


def merged(loss, **options):
    """A merging loss of three modalities, of which the first one varies."""
    return lambda x: ops.sum(
        loss(LABELS, ops.concatenate([x[:, None], ANSWERS[:, 1:]], axis=1), **options)
    )


def sinc(x):
    """Energies of a sound of changing loudness in the bands of SincNet."""
    layer = speech.SincConv(5, width=31, stride=8)
    return ops.sum(ops.square(layer(SOUND * ops.mean(x, axis=1, keepdims=True))))


def low_rank(x):
    layer = fusion.LowRankFusion(3, rank=2)
    layer.build([(6, 4), (6, 4)])
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.weights])
    return ops.sum(ops.square(layer([x, FIXED])))


def attended(x):
    """What two rows of three steps look up in two rows of others, the last of which is padding."""
    layer = fusion.CrossAttention(4)
    query, value = ops.reshape(x, (2, 3, 4)), np.reshape(FIXED, (2, 3, 4))
    mask = np.array([[True, True, True], [True, True, False]])
    layer.build(query.shape, value.shape)
    generator = np.random.default_rng(1)
    layer.set_weights([generator.normal(size=w.shape) for w in layer.weights])
    return ops.sum(ops.square(layer(query, value, value_mask=mask)))


LOSSES |= {
    "cross-attention": attended,
    "alignment": lambda x: info_nce(x, FIXED, 0.5),
    "additive": merged(merging.additive),
    "multiplicative": merged(merging.multiplicative),
    "multiplicative, β = 0": merged(merging.multiplicative, beta=0.0),
    "mixtures": lambda x: ops.sum(
        ops.square(merging.mixtures(ops.stack([x, FIXED], axis=1), merging.subsets(2)))
    ),
    "low-rank fusion": low_rank,
    "SincNet": sinc,
    "statistics pooling": lambda x: ops.sum(ops.square(speech.StatisticsPooling()(x[None]))),
    "modality dropout": lambda x: ops.sum(fusion.ModalityDropout()([x, x], training=False)[0] ** 2),
}


def mixed(layer):
    """A layer that mixes the features of three tasks, of which two vary, with fixed weights."""
    layer([FIXED] * 3)
    generator = np.random.default_rng(1)
    for weight in layer.trainable_weights:
        weight.assign(generator.normal(0, 0.5, weight.shape))
    return lambda x: sum(ops.sum(ops.square(h)) for h in layer([x, FIXED, 2 * x]))


def gated(x):
    """Two experts, one of which varies, as a gate mixes them that sees what varies."""
    gate = architectures.Gate()
    gate.build((6, 4), [(6, 4)] * 2)
    generator = np.random.default_rng(1)
    gate.set_weights([generator.normal(size=w.shape) for w in gate.weights])
    return ops.sum(ops.square(gate(x, [x, FIXED])))


def balanced(balance):
    """A balance of four losses."""
    balance.prepare(None, "abcd")
    return lambda x: balance(ops.mean(ops.square(x), axis=0))


def gradnorm(x):
    """Weights after a step of GradNorm, times numbers that differ."""
    balance = balancing.GradNorm()
    balance.tasks = "abcd"
    sizes = ops.mean(ops.abs(x), axis=0)
    return ops.sum(balance.moved(ops.ones(4), sizes, 1 / sizes) * FIXED[0])


def prior(x):
    """The matrix-normal penalty of two tasks' kernels, three features, four units."""
    covariances = [np.eye(size, dtype="float32") + 0.3 for size in (3, 2)]
    return relationships.matrix_normal_penalty(ops.reshape(x, (2, 3, 4)), *covariances)


HOLES = np.where(FIRST > 0.5, np.float32(np.nan), FIRST)
LOSSES |= {
    "present": lambda x: masked.Present("mean_squared_error")(HOLES[..., None], x[..., None]),
    "cosine_distance": lambda x: masked.Present(masked.cosine_distance)(FIXED, x),
    "gate": gated,
    "cross-stitch": mixed(architectures.CrossStitch(0.8)),
    **{f"distillation {module}": mixed(architectures.Distillation(module)) for module in "ABC"},
    "soft sharing": mixed(
        architectures.SoftSharing([layers.Dense(3, "tanh") for _ in range(3)], 0.1)
    ),
    "related layers": mixed(relationships.RelatedDense(2, 3)),
    "matrix-normal prior": prior,
    "uncertainty": balanced(balancing.Uncertainty(dict(zip("abcd", balancing.LIKELIHOODS)))),
    "sign dropout": lambda x: ops.sum(
        balancing.SignDropout(2).combined(ops.stack([x, FIXED]), ops.flip(FIXED, axis=0), SHARE[:4])
        * FIXED
    ),
    "sign dropout, all leaking": lambda x: sum(
        ops.sum(ops.square(copy)) for copy in balancing.SignDropout(3, leak=1.0)(x, training=True)
    ),
    "weighted": balanced(balancing.Balance({"a": 1, "b": 2, "c": 0.5, "d": 3})),
    "GradNorm": gradnorm,
    "shrunk singular values": lambda x: ops.sum(proximal.shrink_singular_values(x, 0.3) * FIXED),
    "shrunk rows": lambda x: ops.sum(proximal.shrink_rows(x, 0.3) * FIXED),
}
OF_GRADIENTS = (
    balancing.FAMO,
    balancing.GradNorm,
    balancing.PCGrad,
    balancing.MGDA,
    balancing.CAGrad,
    balancing.IMTLG,
    balancing.NashMTL,
    balancing.AlignedMTL,
    balancing.UPGrad,
)
JIT = False if keras.backend.backend() == "tensorflow" else "auto"  # XLA takes long to start
START = [array.astype("float32") for array in (RNG.normal(size=(4, 3)), np.zeros(3))]


def measure(loss):
    """Value and gradient of a loss."""

    def both(x):
        return loss(x), input_gradient(loss, x)

    if keras.backend.backend() == "jax":
        import jax

        both = jax.jit(both)  # one compilation, not one for every operation
    value, slope = both(ops.convert_to_tensor(MOVED))
    return [float(value), ops.convert_to_numpy(slope).tolist()]


def train(method):
    """Mean loss of three steps, and the weights that they lead to."""
    network = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    network.set_weights(START)
    model = method(network)
    model.compile(keras.optimizers.SGD(0.5), jit_compile=JIT)
    batch = {"labelled": MOVED, "views": (FIRST, FIRST[::-1].copy())}
    history = model.fit(batch, LABELS, 6, epochs=3, shuffle=False, verbose=0).history
    return [float(np.mean(history["loss"])), network.get_weights()[0].tolist()]


def train_several(balance):
    """As `train`, of a cross-stitch network under a balance."""
    stages = [lambda name: layers.Dense(3, "tanh", name=name)] * 2
    heads = dict.fromkeys("ab", lambda name: layers.Dense(1, name=name))
    network = architectures.cross_stitch(keras.Input((4,)), stages, heads)
    generator = np.random.default_rng(2)
    network.set_weights([generator.normal(0, 0.5, w.shape) for w in network.get_weights()])
    model = balancing.Balanced(network, balance)
    model.compile(keras.optimizers.SGD(0.002), dict.fromkeys("ab", "mse"), jit_compile=JIT)
    labels = {"a": FIRST[:, :1], "b": 3 * FIRST[:, 1:2]}
    history = model.fit(MOVED, labels, 6, epochs=3, shuffle=False, verbose=0).history
    ends = np.concatenate([w.ravel() for w in model.get_weights()])
    return [float(np.mean(history["loss"])), ends.tolist()]


if __name__ == "__main__":
    found = {"losses": {name: measure(loss) for name, loss in LOSSES.items()}}
    found["trainings"] = {name: train(method) for name, method in METHODS.items()}
    uncertainty = balancing.Uncertainty({"a": "gaussian", "b": "laplace"})
    found["trainings"]["several tasks"] = train_several(uncertainty)
    for kind in OF_GRADIENTS:
        found["trainings"][kind.__name__] = train_several(kind())
    print(json.dumps(found))
