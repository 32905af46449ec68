"""Audio-visual digits: a digit written, the same digit spoken, and two lesser modalities.

Pictures of MNIST and recordings of the spoken digits are paired by label: each recording gets a
picture of its own, or several. Further modalities are *ink*, which says a little about the digit,
and *static*, which says nothing.
"""

from dataclasses import dataclass

import numpy as np

from course_lib.datasets.pictures import mnist
from course_lib.datasets.sounds import spoken_digits

FOLDERS = ("mnist", "spoken_digits")
MODALITIES = ("picture", "sound", "ink", "static")
SEED = 1998


@dataclass(frozen=True)
class Examples:
    """Digits, each given in four ways.

    Attributes:
        picture: `(rows, 28, 28)` uint8, white on black.
        sound: `(rows, 8000)` float32 from -1 to 1, 8000 samples a second.
        ink: Mean brightness of the quarters of *another* picture of the digit, from 0 to 1,
            `(rows, 4)` float32: weakly useful.
        static: Draws from a normal distribution, `(rows, 4)` float32: useless.
        present: Which modality each row has, in the order of `MODALITIES`, `(rows, 4)` bool; a
            missing one is all zeros.
        y: The digit that is written, `(rows,)` int32.
        said: The digit that is spoken, `(rows,)` int32: another one where modalities conflict.
        speaker: Number of the speaker, `(rows,)` int32.
        speakers: Names of the speakers.
    """

    picture: np.ndarray
    sound: np.ndarray
    ink: np.ndarray
    static: np.ndarray
    present: np.ndarray
    y: np.ndarray
    said: np.ndarray
    speaker: np.ndarray
    speakers: tuple[str, ...]

    def __len__(self):
        return len(self.y)


@dataclass(frozen=True)
class AudioVisualDigits:
    """Digits to train with and digits to test with; no picture and no recording is in both.

    Attributes:
        train: `Examples`.
        test: `Examples`.
        source: `"real"` or `"synthetic"`.
        rate: Samples of sound a second.
    """

    train: Examples
    test: Examples
    source: str
    rate: int = spoken_digits.RATE


def read(paths, **options):
    """Reads the real data.

    Args:
        paths: The files of `mnist`, then that of `spoken_digits`.
        **options: As for `pair`.

    Returns:
        An `AudioVisualDigits`; the pairing is always the same.

    Raises:
        DataError: if a file cannot be read.
    """
    *written, spoken = paths
    return pair(mnist.read(written), spoken_digits.read([spoken]), SEED, **options)


def synthesize(seed=0, **options):
    """Pairs scikit-learn's written digits with synthetic voices.

    Args:
        seed: Seed of all draws.
        **options: As for `pair`.

    Returns:
        An `AudioVisualDigits`.
    """
    return pair(mnist.synthesize(seed), spoken_digits.synthesize(seed), seed, **options)


def pair(
    written,
    spoken,
    seed,
    *,
    split="takes",
    pictures=1,
    picture_noise=0.0,
    sound_noise=0.0,
    missing=0.0,
    conflict=0.0,
):
    """Pairs pictures and recordings by label.

    Args:
        written: A `PictureData` of digits.
        spoken: A `SpokenDigits`.
        seed: Seed of the pairing and of noise.
        split: `"takes"` tests with other takes of the speakers heard in training, `"speakers"` with
            the last two speakers, never heard before.
        pictures: Pictures that each recording is paired with, a row each: the digit written by
            several people, spoken by one. Noise is drawn anew for each row.
        picture_noise: Standard deviation of noise added to pixels, as a part of their range.
        sound_noise: Standard deviation of noise added to samples, as a part of the recording's root
            mean square.
        missing: Chance that a row lacks its picture, and as large a chance that it lacks its sound;
            none lacks both.
        conflict: Chance that the sound says another digit than the picture shows.

    Returns:
        An `AudioVisualDigits`.

    Raises:
        ValueError: for an unknown split, chances that are none, or no pictures.
    """
    if split not in ("takes", "speakers"):
        raise ValueError(f"split is 'takes' or 'speakers', but got {split!r}.")
    if not 0 <= missing <= 0.5 or not 0 <= conflict <= 1:
        raise ValueError(
            f"missing is from 0 to 0.5 and conflict from 0 to 1, but got {missing} and {conflict}."
        )
    if pictures < 1:
        raise ValueError(f"Each recording needs a picture at least, but got pictures={pictures}.")
    rng = np.random.default_rng(seed)
    parts = spoken.train, spoken.test
    if split == "speakers":
        new = len(spoken.train.speakers) - 2
        everyone = spoken_digits.join(*parts)
        parts = everyone.rows(everyone.speaker < new), everyone.rows(everyone.speaker >= new)
    options = pictures, picture_noise, sound_noise, missing, conflict
    train = _pair_part(written.train, parts[0], rng, *options)
    test = _pair_part(written.test, parts[1], rng, *options)
    return AudioVisualDigits(train, test, written.source)


def _pair_part(images, recordings, rng, pictures, picture_noise, sound_noise, missing, conflict):
    """Pairs the pictures and recordings of one part, as `pair` describes."""
    recordings = recordings.rows(np.tile(np.arange(len(recordings)), pictures))
    y = recordings.y.copy()
    wrong = rng.random(len(y)) < conflict
    y[wrong] = (y[wrong] + rng.integers(1, 10, wrong.sum())) % 10
    shown, other = np.split(_draw(images.y, np.tile(y, 2), rng), 2)

    noise = 255 * picture_noise * rng.standard_normal((len(y), 28, 28))
    picture = np.uint8(np.clip(images.x[shown] + noise, 0, 255))
    sound = recordings.padded()
    loudness = [np.sqrt(np.mean((signal / 2**15) ** 2)) for signal in recordings.signals]
    hiss = rng.standard_normal(sound.shape) * np.reshape(loudness, (-1, 1))
    sound = np.float32(np.clip(sound + sound_noise * hiss, -1, 1))
    ink = images.x[other].reshape(-1, 2, 14, 2, 14).mean(axis=(2, 4)).reshape(-1, 4) / 255

    lot = rng.random(len(y))
    present = np.ones((len(y), len(MODALITIES)), bool)
    present[:, 0], present[:, 1] = lot >= missing, lot < 1 - missing
    picture[~present[:, 0]], sound[~present[:, 1]] = 0, 0
    static = rng.standard_normal((len(y), 4)).astype("float32")
    said, speaker = recordings.y, recordings.speaker
    return Examples(
        picture,
        sound,
        ink.astype("float32"),
        static,
        present,
        y,
        said,
        speaker,
        recordings.speakers,
    )


def _draw(labels, wanted, rng):
    """Row numbers of pictures with the wanted labels, none twice before all are used."""
    drawn = np.empty(len(wanted), int)
    for digit in np.unique(wanted):
        rows = rng.permutation(np.flatnonzero(labels == digit))
        places = np.flatnonzero(wanted == digit)
        drawn[places] = np.resize(rows, len(places))
    return drawn
