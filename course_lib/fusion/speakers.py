"""Who is speaking: SincNet on the wave, x-vectors on the spectrogram, and both fused.

Fused side by side, their embeddings are concatenated. Fused in a row, as by Tripathi, Singh and
Susan, "Speaker recognition using SincNet and x-vector fusion", ICAISC 2020, SincNet's filters take
the place of the spectrogram: `xvector(filter_bank(wave))`.
"""

import keras
from keras import layers, ops

from course_lib.fusion.speech import SincConv, StatisticsPooling
from course_lib.seeds import Dropout


def normalization():
    """Batch normalisation whose averages keep up with the few hundred steps of a small data set."""
    return layers.BatchNormalization(momentum=0.9)


def filter_bank(wave, filters=32, stride=16, pool=4):
    """Logarithm of the loudness in bands that are learned, a spectrogram made to measure.

    Args:
        wave: Keras tensor `(rows, samples)`, of root mean square 1.
        filters: Number of bands.
        stride: Samples from one output of the filters to the next.
        pool: Outputs of the filters that one step averages over.

    Returns:
        Keras tensor `(rows, steps, filters)`.
    """
    x = ops.abs(SincConv(filters, width=101, stride=stride, name="sinc")(wave))
    return normalization()(ops.log(layers.AveragePooling1D(pool)(x) + 1e-3))


def sincnet(wave, units=64):
    """An embedding of a wave, by band-pass filters that are learned. Ravanelli and Bengio, 2018.

    Args:
        wave: Keras tensor `(rows, samples)`, of root mean square 1.
        units: Units of the embedding.

    Returns:
        Keras tensor `(rows, units)`.
    """
    x = filter_bank(wave)
    for number in (1, 2):
        x = layers.Conv1D(48, 3, strides=number, name=f"wave_{number}")(x)
        x = layers.ReLU()(normalization()(x))
    x = layers.GlobalAveragePooling1D()(x)
    return layers.Dense(units, "relu", name="sincnet_embedding")(x)


def xvector(frames, units=64):
    """An embedding of a spectrogram: layers over time, then its statistics. Snyder et al., 2018.

    Args:
        frames: Keras tensor `(rows, steps, bands)`: `speech.log_mel`, or a `filter_bank`.
        units: Units of the embedding.

    Returns:
        Keras tensor `(rows, units)`.
    """
    x = frames
    for number, (width, dilation) in enumerate(((5, 1), (3, 2), (3, 3)), start=1):
        layer = layers.Conv1D(32, width, dilation_rate=dilation, name=f"frame_{number}")
        x = layers.ReLU()(normalization()(layer(x)))
    x = StatisticsPooling(name="statistics")(x)
    return layers.Dense(units, "relu", name="xvector_embedding")(x)


def recognizer(inputs, embedding, speakers):
    """A classifier of speakers on top of an embedding.

    Args:
        inputs: Keras inputs, one or several.
        embedding: Keras tensor `(rows, units)`; of fused embeddings their concatenation.
        speakers: Number of speakers.

    Returns:
        A `keras.Model` to logits `(rows, speakers)`.
    """
    return keras.Model(inputs, layers.Dense(speakers)(Dropout(0.3)(embedding)))
