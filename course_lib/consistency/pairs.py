"""Losses on pairs and triplets: what is alike comes close, what is not stays away."""

import keras
from keras import ops

from course_lib.contrastive import unit_rows


def squared_distances(x, y):
    """Squared Euclidean distances of all rows to all rows.

    Args:
        x: `(rows, dimensions)`.
        y: `(other rows, dimensions)`.

    Returns:
        A tensor, `(rows, other rows)`, nowhere below 0.
    """
    squares = ops.sum(ops.square(x), axis=1)[:, None] + ops.sum(ops.square(y), axis=1)[None]
    return ops.maximum(squares - 2 * ops.matmul(x, ops.transpose(y)), 0.0)


def contrastive(first, second, same, margin=1.0):
    """Contrastive loss, y ½ D² + (1 − y) ½ [m − D]₊².

    Hadsell, Chopra and LeCun, "Dimensionality reduction by learning an invariant mapping", CVPR
    2006. At D = 0 the root has no slope: there, pairs that differ get no gradient instead of NaN.

    Args:
        first: Embeddings, `(pairs, dimensions)`.
        second: Embeddings, `(pairs, dimensions)`.
        same: Whether both are alike, `(pairs,)`.
        margin: Distance m beyond which those that differ are left alone.

    Returns:
        A scalar tensor, the mean over pairs.
    """
    squared = ops.sum(ops.square(first - second), axis=-1)
    apart = squared > 0
    distance = ops.where(apart, ops.sqrt(ops.where(apart, squared, 1.0)), 0.0)
    different = ops.square(ops.maximum(margin - distance, 0.0))
    return ops.mean(ops.where(ops.cast(same, "bool"), squared, different)) / 2


def triplet(anchor, positive, negative, margin=1.0):
    """Triplet loss, [d²(a, p) − d²(a, n) + m]₊.

    Schroff, Kalenichenko and Philbin, "FaceNet: a unified embedding for face recognition and
    clustering", CVPR 2015.

    Args:
        anchor: Embeddings, `(triplets, dimensions)`.
        positive: Embeddings of something like the anchors.
        negative: Embeddings of something unlike them.
        margin: How much farther the negatives have to be, as a squared distance.

    Returns:
        A scalar tensor, the mean over triplets.
    """
    to_positive = ops.sum(ops.square(anchor - positive), axis=-1)
    to_negative = ops.sum(ops.square(anchor - negative), axis=-1)
    return ops.mean(ops.maximum(to_positive - to_negative + margin, 0.0))


def nt_xent(first, second, temperature=0.5):
    """SimCLR's loss on two views of each row, −log e^{s⁺/τ} / Σ e^{s/τ}.

    As `course_lib.contrastive.info_nce`, but each of the 2N vectors looks for its other view among
    all others, of both views, itself left out. Chen, Kornblith, Norouzi and Hinton, "A simple
    framework for contrastive learning of visual representations", ICML 2020.

    Args:
        first: Vectors of one view, `(rows, dimensions)`, of any length.
        second: Vectors of the other view, of the same shape.
        temperature: τ, above 0.

    Returns:
        A scalar tensor, the mean over both views; log(2N − 1) where all vectors are equal.
    """
    vectors = unit_rows(ops.concatenate([first, second]))
    number = ops.shape(vectors)[0]
    alike = ops.matmul(vectors, ops.transpose(vectors)) / temperature
    others = ops.where(ops.eye(number, dtype="bool"), -1e9, alike)
    partner = ops.roll(ops.arange(number), number // 2)
    return ops.mean(keras.losses.sparse_categorical_crossentropy(partner, others, from_logits=True))


def semi_hard_triplet(labels, embeddings, margin=1.0):
    """Triplet loss with semi-hard negatives, mined in the batch.

    For each anchor and each positive: the nearest negative that is farther than the positive, and
    if there is none, the farthest of all. Schroff et al., as for `triplet`.

    Args:
        labels: Classes, `(rows,)` or `(rows, 1)` integer.
        embeddings: `(rows, dimensions)`, usually of length 1.
        margin: As for `triplet`.

    Returns:
        A scalar tensor, the mean over all pairs of an anchor and a positive, 0 if there is none.
    """
    labels = ops.reshape(labels, (-1,))
    distances = squared_distances(embeddings, embeddings)
    same = labels[:, None] == labels[None]
    others = 1 - ops.eye(ops.shape(labels)[0], dtype=distances.dtype)
    positives = ops.cast(same, distances.dtype) * others

    far = ops.max(distances) + 1
    to_positive = distances[:, :, None]  # anchor, positive, negative
    to_negative = distances[:, None, :]
    farther = ops.logical_and(~same[:, None, :], to_negative > to_positive)
    nearest = ops.min(ops.where(farther, to_negative, far), axis=2)
    farthest = ops.max(ops.where(same, -1.0, distances), axis=1)[:, None]
    chosen = ops.where(ops.any(farther, axis=2), nearest, farthest)
    has_negative = ops.cast(ops.any(~same, axis=1), distances.dtype)[:, None]
    counted = positives * has_negative
    hinge = ops.maximum(distances - chosen + margin, 0.0)
    return ops.sum(counted * hinge) / ops.maximum(ops.sum(counted), 1.0)


@keras.saving.register_keras_serializable("course_lib")
class SemiHardTriplet(keras.losses.Loss):
    """`semi_hard_triplet` as the loss of a model whose outputs are embeddings.

    Args:
        margin: As for `triplet`.
        **options: As for `keras.losses.Loss`.

    Raises:
        ValueError: for weights of rows.
    """

    def __init__(self, margin=1.0, **options):
        super().__init__(**options)
        self.margin = margin

    def __call__(self, y_true, y_pred, sample_weight=None):
        if sample_weight is not None:
            raise ValueError(
                "SemiHardTriplet got weights of rows (sample_weight or class_weight), but its "
                "terms are triplets of rows. Train it without, or draw rows more often."
            )
        return super().__call__(y_true, y_pred)

    def call(self, y_true, y_pred):
        return semi_hard_triplet(y_true, y_pred, self.margin)

    def get_config(self):
        return {**super().get_config(), "margin": self.margin}
