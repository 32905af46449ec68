"""Speech: spectrograms, filters that learn their band, and statistics of a whole recording."""

import keras
import numpy as np
from keras import layers, ops
from scipy.fft import dct


def mel(frequency):
    """Pitch in mel of a frequency in hertz, 2595 log₁₀(1 + f / 700)."""
    return 2595 * np.log10(1 + np.asarray(frequency) / 700)


def hertz(pitch):
    """Frequency in hertz of a pitch in mel."""
    return 700 * (10 ** (np.asarray(pitch) / 2595) - 1)


def log_mel(sound, rate=8000, bands=32, stride=128):
    """Log-mel spectrograms, by Keras's `MelSpectrogram`.

    Args:
        sound: `(rows, samples)`, from -1 to 1.
        rate: Samples a second.
        bands: Number of bands.
        stride: Samples from one step to the next.

    Returns:
        `(rows, steps, bands)` float32, in units of 20 decibels, relative to each recording's mean:
        how near the microphone was does not matter, and silence is all zeros. What is more than 80
        decibels below a recording's loudest value counts as that.
    """
    spectrogram = layers.MelSpectrogram(
        fft_length=256,
        sequence_stride=stride,
        sampling_rate=rate,
        num_mel_bins=bands,
        power_to_db=False,  # Keras clips it by the loudest recording of all that it is given
        min_freq=60,
        max_freq=rate / 2,
    )
    power = ops.convert_to_numpy(spectrogram(sound)).transpose(0, 2, 1)
    loudest = np.maximum(power.max(axis=(1, 2), keepdims=True), 1e-10)
    decibels = 10 * np.log10(np.maximum(np.maximum(power, 1e-10) / loudest, 1e-8))
    return (decibels - decibels.mean(axis=(1, 2), keepdims=True)) / 20


def mfcc(spectrograms, coefficients=20):
    """Mel-frequency cepstral coefficients: the cosine transform of log-mel spectrograms.

    Davis and Mermelstein, "Comparison of parametric representations for monosyllabic word
    recognition in continuously spoken sentences", IEEE TASSP 28, 1980.

    Args:
        spectrograms: `(rows, steps, bands)`, such as `log_mel` gives.
        coefficients: How many to keep.

    Returns:
        `(rows, steps, coefficients)`.
    """
    return dct(spectrograms, axis=-1, norm="ortho")[..., :coefficients]


@keras.saving.register_keras_serializable("course_lib")
class SincConv(keras.layers.Layer):
    """Convolution with band-pass filters, of which nothing but the two edges is learned.

    g[n] = 2 f₂ sinc(2π f₂ n) − 2 f₁ sinc(2π f₁ n), times a Hamming window. The edges are
    f₁ = |a| + lowest and f₂ = f₁ + |b| + narrowest, so that f₁ < f₂ whatever is learned.
    Ravanelli and Bengio, "Speaker recognition from raw waveform with SincNet", SLT 2018.

    Args:
        filters: Number of filters, whose bands are at first spread evenly over the mel scale.
        width: Number of samples of a filter, odd.
        rate: Samples a second.
        stride: Samples from one output to the next.
        lowest: Lowest edge, in hertz.
        narrowest: Narrowest band, in hertz.

    Call arguments:
        sound: `(rows, samples)` or `(rows, samples, 1)`.

    Returns:
        A tensor, `(rows, steps, filters)`.

    Raises:
        ValueError: for an even width: such a filter has no middle.
    """

    def __init__(
        self, filters, width=101, rate=8000, stride=1, lowest=30.0, narrowest=50.0, **kwargs
    ):
        super().__init__(**kwargs)
        if width % 2 == 0:
            raise ValueError(f"width is odd, but got {width}.")
        self.filters, self.width, self.rate = filters, width, rate
        self.stride, self.lowest, self.narrowest = stride, lowest, narrowest

    def build(self, input_shape):
        top = mel(self.rate / 2 - self.lowest - self.narrowest)
        edges = hertz(np.linspace(mel(self.lowest), top, self.filters + 1))

        def weight(name, values):
            initializer = keras.initializers.Constant(values / self.rate)
            # In half precision, edges of some thousand hertz would be off by several of them.
            return self.add_weight(
                shape=(self.filters,), initializer=initializer, autocast=False, name=name
            )

        self.low = weight("low", edges[:-1] - self.lowest)
        self.band = weight("band", np.maximum(np.diff(edges) - self.narrowest, 0))

    def bands(self):
        """The edges f₁ and f₂ of the filters in hertz, two tensors `(filters,)`."""
        first = ops.abs(self.low) * self.rate + self.lowest
        second = first + ops.abs(self.band) * self.rate + self.narrowest
        return first, ops.minimum(second, self.rate / 2)

    def kernel(self):
        """The filters, `(width, filters)`, each of gain 1 in its band."""
        n = ops.arange(-(self.width // 2), self.width // 2 + 1, dtype="float32")[:, None]
        first, second = (edge / self.rate for edge in self.bands())

        def low_pass(edge):
            angle = 2 * np.pi * edge * n
            safe = ops.where(n == 0, 1.0, angle)
            return 2 * edge * ops.where(n == 0, 1.0, ops.sin(safe) / safe)

        window = ops.convert_to_tensor(np.hamming(self.width).astype("float32"))
        return (low_pass(second) - low_pass(first)) * window[:, None]

    def call(self, sound):
        sound = sound if len(sound.shape) == 3 else ops.expand_dims(sound, -1)
        kernel = ops.cast(self.kernel()[:, None], self.compute_dtype)
        return ops.conv(sound, kernel, strides=self.stride, padding="same")

    def compute_output_shape(self, input_shape):
        steps = None if input_shape[1] is None else -(-input_shape[1] // self.stride)
        return (input_shape[0], steps, self.filters)

    def get_config(self):
        names = ("filters", "width", "rate", "stride", "lowest", "narrowest")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}


@keras.saving.register_keras_serializable("course_lib")
class StatisticsPooling(keras.layers.Layer):
    """Mean and standard deviation over time, as in x-vectors.

    Snyder, Garcia-Romero, Sell, Povey and Khudanpur, "X-vectors: robust DNN embeddings for speaker
    recognition", ICASSP 2018.

    Args:
        floor: Added to the variance: the root has no slope at 0.

    Call arguments:
        x: `(rows, steps, channels)`.

    Returns:
        A tensor, `(rows, 2 * channels)`: means, then standard deviations.
    """

    def __init__(self, floor=1e-5, **kwargs):
        super().__init__(**kwargs)
        self.floor = floor

    def call(self, x):
        x = ops.cast(x, keras.backend.result_type(x.dtype, "float32"))  # squares overflow float16
        deviation = ops.sqrt(ops.var(x, axis=1) + self.floor)
        pooled = ops.concatenate([ops.mean(x, axis=1), deviation], axis=-1)
        return ops.cast(pooled, self.compute_dtype)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], 2 * input_shape[-1])

    def get_config(self):
        return {**super().get_config(), "floor": self.floor}
