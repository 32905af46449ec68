"""The contrastive loss of paired vectors: each row finds its partner among the others' partners."""

from keras import ops


def unit_rows(x):
    """Scales vectors to length 1, in float32 at least.

    Args:
        x: `(rows, dimensions)`.

    Returns:
        A tensor of the same shape. Below a length of 1e-6 vectors stay shorter, so that gradients
        are finite at zero.
    """
    x = ops.convert_to_tensor(x)
    if x.dtype != "float64":
        x = ops.cast(x, "float32")
    squares = ops.sum(ops.square(x), axis=-1, keepdims=True)
    return x / ops.sqrt(ops.maximum(squares, 1e-12))


def info_nce(first, second, temperature=0.1):
    """InfoNCE, −log e^{s⁺/τ} / Σ e^{s/τ}, the mean of both directions.

    s is the cosine of two vectors, s⁺ that of a row's pair. The other rows of the batch are the
    negatives, also where they happen to show the same thing. Of N rows, log N − L is a lower bound
    of the information that both share, in nats. van den Oord, Li and Vinyals, "Representation
    learning with contrastive predictive coding", 2018; of two modalities, Radford et al., "Learning
    transferable visual models from natural language supervision", ICML 2021.

    Args:
        first: Vectors, `(rows, dimensions)`, of any length.
        second: Their partners, row by row, of the same shape.
        temperature: τ, above 0; the smaller, the more the nearest negatives count.

    Returns:
        A scalar tensor, the mean over rows and directions; log N where all vectors are equal.
    """
    alike = ops.matmul(unit_rows(first), ops.transpose(unit_rows(second))) / temperature
    there, back = (ops.diagonal(ops.log_softmax(alike, axis=axis)) for axis in (1, 0))
    return -ops.mean(there + back) / 2
