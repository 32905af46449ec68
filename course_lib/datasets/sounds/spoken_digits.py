"""The free spoken digit data: six people say each of ten digits fifty times.

Jackson and others, github.com/Jakobovski/free-spoken-digit-dataset, 2018.
"""

import io
import re
import zipfile
from dataclasses import dataclass

import numpy as np

from course_lib.datasets.files import UNPACKING_ERRORS, DataError

RATE = 8000
TEST_TAKES = 5


@dataclass(frozen=True)
class Recordings:
    """Spoken digits.

    Attributes:
        signals: One array a recording, `(samples,)` int16, 8000 samples a second.
        y: The digit, `(recordings,)` int32.
        speaker: Number of the speaker, `(recordings,)` int32.
        take: Number of the take, `(recordings,)` int32; a speaker says each digit many times.
        speakers: Names of the speakers.
    """

    signals: tuple[np.ndarray, ...]
    y: np.ndarray
    speaker: np.ndarray
    take: np.ndarray
    speakers: tuple[str, ...]

    def __len__(self):
        return len(self.signals)

    def padded(self, samples=RATE):
        """Returns the signals cut or filled with silence to one length.

        `keras.layers.MelSpectrogram` makes pictures of them.

        Args:
            samples: The length.

        Returns:
            `(recordings, samples)` float32, from -1 to 1.
        """
        x = np.zeros((len(self), samples), "float32")
        for row, signal in zip(x, self.signals):
            row[: len(signal)] = signal[:samples] / 2**15
        return x

    def rows(self, chosen):
        """Returns the chosen recordings, `chosen` being row numbers or a mask."""
        rows = np.arange(len(self))[chosen]
        signals = tuple(self.signals[row] for row in rows)
        return Recordings(signals, self.y[rows], self.speaker[rows], self.take[rows], self.speakers)


def join(first, second):
    """Returns `Recordings` of the same speakers as one."""
    return Recordings(
        first.signals + second.signals,
        np.concatenate([first.y, second.y]),
        np.concatenate([first.speaker, second.speaker]),
        np.concatenate([first.take, second.take]),
        first.speakers,
    )


@dataclass(frozen=True)
class SpokenDigits:
    """Spoken digits to train with and to test with, by the same speakers.

    Attributes:
        train: `Recordings`, takes 5 and later.
        test: `Recordings`, takes 0 to 4.
        source: `"real"` or `"synthetic"`.
        rate: Samples a second.
    """

    train: Recordings
    test: Recordings
    source: str
    rate: int = RATE


def read(paths, takes=50):
    """Reads the real data.

    Args:
        paths: The file `recordings.zip`, alone in a list.
        takes: How many takes of each digit by each speaker to read, the first.

    Returns:
        A `SpokenDigits`.

    Raises:
        DataError: if the file cannot be read.
    """
    from scipy.io import wavfile

    (path,) = paths
    recordings = []
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                match = re.search(r"(\d)_([a-z]+)_(\d+)\.wav$", name)
                if match and int(match[3]) < takes:
                    digit, speaker, take = match.groups()
                    rate, signal = wavfile.read(io.BytesIO(archive.read(name)))
                    if (rate, signal.dtype, signal.ndim) != (RATE, np.dtype("int16"), 1):
                        raise ValueError(
                            f"{name} has {rate} samples a second, type {signal.dtype} and shape "
                            f"{signal.shape}; expected were {RATE}, int16 and (samples,)"
                        )
                    recordings.append((signal, int(digit), speaker, int(take)))
        return _split(recordings, "real")
    except (ValueError, *UNPACKING_ERRORS) as error:
        raise DataError(f"{path} cannot be read as recordings: {error}") from error


def _split(recordings, source):
    """Splits `(signal, digit, speaker's name, take)` by take."""
    speakers = tuple(sorted({speaker for _, _, speaker, _ in recordings}))
    parts = [], []
    for recording in recordings:
        parts[recording[3] < TEST_TAKES].append(recording)
    if not all(parts):
        raise ValueError(
            f"expected were DIGIT_SPEAKER_TAKE.wav of takes below {TEST_TAKES} and of later takes"
        )
    train, test = (
        Recordings(
            signals,
            np.array(digits, "int32"),
            np.array([speakers.index(name) for name in names], "int32"),
            np.array(takes, "int32"),
            speakers,
        )
        for signals, digits, names, takes in (zip(*part) for part in parts)
    )
    return SpokenDigits(train, test, source)


# How the sounds of the English digits are made: loudness of the voice and of hiss, the three lowest
# resonances of the mouth in hertz, and seconds.
SOUNDS = {
    "a": (1.0, 0.0, 730, 1200, 2500, 0.14),
    "e": (1.0, 0.0, 450, 2050, 2600, 0.12),
    "f": (0.0, 0.1, 1200, 1900, 3400, 0.09),
    "i": (1.0, 0.0, 300, 2250, 3000, 0.12),
    "k": (0.0, 0.3, 900, 1700, 2400, 0.04),
    "n": (0.6, 0.0, 280, 1300, 2400, 0.09),
    "o": (1.0, 0.0, 480, 850, 2400, 0.15),
    "r": (0.8, 0.0, 350, 1150, 1600, 0.07),
    "s": (0.0, 0.4, 2300, 3200, 3700, 0.11),
    "t": (0.0, 0.5, 1800, 2700, 3500, 0.03),
    "u": (1.0, 0.0, 310, 900, 2250, 0.15),
    "v": (0.5, 0.1, 300, 1100, 2300, 0.07),
    "w": (0.7, 0.0, 290, 650, 2200, 0.07),
    "z": (0.4, 0.3, 300, 2600, 3500, 0.08),
}
WORDS = ("ziro", "wan", "tu", "fri", "for", "faiv", "siks", "seven", "eit", "nain")


def synthesize(seed=0, takes=20):
    """Speaks the digits with six synthetic voices.

    A word is a row of sounds. Each is a buzz at the pitch of the voice, or hiss, through the
    resonances of the mouth. Voices differ in pitch, length of the throat, tempo, loudness and
    background noise; takes of one voice vary less in the same.

    Args:
        seed: Seed of all draws.
        takes: How many times each voice says each digit.

    Returns:
        A `SpokenDigits`, whose speakers are called `"voice 0"` to `"voice 5"`.
    """
    rng = np.random.default_rng(seed)
    voices = np.transpose(
        [
            rng.permutation(np.geomspace(90, 220, 6)),  # pitch in hertz
            rng.permutation(np.linspace(0.9, 1.15, 6)),  # factor of the resonances
            rng.uniform(0.9, 1.5, 6),  # factor of lengths
            rng.uniform(0.02, 0.12, 6),  # loudness
            rng.permutation(np.geomspace(0.0003, 0.006, 6)),  # background noise
        ]
    )
    recordings = []
    for number, voice in enumerate(voices):
        for digit, word in enumerate(WORDS):
            for take in range(takes):
                *varied, noise = voice * np.exp(rng.normal(0, [0.06, 0.02, 0.12, 0.2, 0.2]))
                signal = _speak(rng, word, *varied)
                signal += noise * rng.standard_normal(len(signal))
                signal = np.int16(2**15 * np.clip(signal, -0.99, 0.99))
                recordings.append((signal, digit, f"voice {number}", take))
    return _split(recordings, "synthetic")


def _speak(rng, word, pitch, throat, tempo, loudness):
    """Returns the signal of one word, from about -1 to 1."""
    from scipy.signal import lfilter

    parts = []
    for sound in word:
        voice, hiss, *resonances, seconds = SOUNDS[sound]
        samples = int(RATE * seconds * tempo * np.exp(rng.normal(0, 0.15)))
        time = np.arange(samples) / RATE
        cycles = pitch * time * (1 + rng.normal(0, 0.1) * time)
        buzz = np.diff(np.floor(cycles), prepend=-1)
        signal = voice * buzz + hiss * rng.standard_normal(samples)
        for resonance in resonances:
            radius = np.exp(-np.pi * 100 / RATE)
            angle = 2 * np.pi * min(throat * resonance, 3800) / RATE
            poles = [1, -2 * radius * np.cos(angle), radius**2]
            signal = lfilter([sum(poles)], poles, signal)
        parts.append(signal * np.sin(np.pi * (np.arange(samples) + 0.5) / samples) ** 0.5)
    signal = np.concatenate(parts)
    return loudness * signal / np.sqrt(np.mean(signal**2))
