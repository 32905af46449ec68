"""Modalities as networks take them."""

import numpy as np

from course_lib.fusion.speech import log_mel


def inputs(examples, bands=32):
    """Prepares audio-visual digits. What is missing stays all zeros.

    Args:
        examples: `Examples` of `audiovisual_digits`.
        bands: Bands of the log-mel spectrograms.

    Returns:
        Dictionary of float32 arrays: `"picture"` `(rows, 28, 28, 1)` from 0 to 1, `"sound"`
        `(rows, 63, bands)`, `"ink"` `(rows, 4)` in tenths of full brightness, `"static"`
        `(rows, 4)`.
    """
    return {
        "picture": examples.picture[..., None] / np.float32(255),
        "sound": log_mel(examples.sound, bands=bands),
        "ink": 10 * examples.ink,
        "static": examples.static,
    }


def rows(modalities, chosen):
    """Returns the chosen rows of a dictionary of modalities, `chosen` being numbers or a mask."""
    return {name: values[chosen] for name, values in modalities.items()}
