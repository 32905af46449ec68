"""Contrastive learning of two views, or two modalities, of the same rows."""

from keras import ops


def info_nce(first, second, temperature=0.1):
    """Symmetric InfoNCE: which of all rows of the second one belongs to a row, and the reverse.

    −½ log eˢⁱⁱ/Σⱼ eˢⁱʲ − ½ log eˢⁱⁱ/Σⱼ eˢʲⁱ, in the mean over rows i, with s the cosines of all
    pairs over the temperature. log(rows) minus the loss bounds the information that the two share
    from below. Van den Oord, Li and Vinyals, "Representation learning with contrastive predictive
    coding", 2018, arXiv:1807.03748.

    Args:
        first: Embeddings, `(rows, units)`.
        second: Others of the same rows, `(rows, units)`.
        temperature: Temperature, above 0.

    Returns:
        A scalar tensor.
    """
    first, second = (ops.normalize(ops.cast(x, "float32"), axis=-1) for x in (first, second))
    similarities = first @ ops.transpose(second) / temperature
    totals = ops.logsumexp(similarities, axis=0) + ops.logsumexp(similarities, axis=1)
    return ops.mean(totals / 2 - ops.diagonal(similarities))
