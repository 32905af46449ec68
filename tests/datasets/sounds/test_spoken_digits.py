import io
import zipfile

import numpy as np
import pytest
from scipy.io import wavfile
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.sounds import spoken_digits


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("spoken_digits", takes=8)


def write(path, recordings, rate=8000):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("set/README.md", "About")
        for name, signal in recordings.items():
            buffer = io.BytesIO()
            wavfile.write(buffer, rate, signal)
            archive.writestr(f"set/recordings/{name}.wav", buffer.getvalue())
    return path


def test_schema(drawn):
    assert (len(drawn.train), len(drawn.test), drawn.rate) == (180, 300, 8000)
    assert set(drawn.test.take) == set(range(5))
    assert set(drawn.train.take) == {5, 6, 7}
    assert np.all(np.bincount(drawn.test.y) == 30)
    assert np.all(np.bincount(drawn.test.speaker) == 50)
    assert len(drawn.test.speakers) == 6
    assert all(signal.dtype == np.int16 and signal.ndim == 1 for signal in drawn.test.signals)


@pytest.mark.parametrize("seed", range(2))
def test_lengths_and_loudness_are_like_the_real_ones(seed):
    """Real: median length 0.42 s, a tenth longer than 0.6 s; median loudness 1576 of 32768."""
    signals = datasets.load("spoken_digits", seed=seed, takes=6).test.signals
    seconds = np.array([len(signal) / 8000 for signal in signals])
    assert np.median(seconds) == pytest.approx(0.42, abs=0.08)
    assert 0.1 < seconds.min() < seconds.max() < 2.3
    loudness = [np.sqrt(np.mean(signal.astype(float) ** 2)) for signal in signals]
    assert 800 < np.median(loudness) < 3500


def loudness_of_bands(recordings):
    """Ten bands by eight stretches of time, in logarithms, `(recordings, 80)`."""
    stretches = [
        np.abs(np.fft.rfft(stretch, 1024))[1:]
        for signal in recordings.signals
        for stretch in np.array_split(signal, 8)
    ]
    bands = np.reshape(stretches, (len(recordings), 8, -1, 32)).mean(axis=-1)
    return np.log(bands + 1).reshape(len(recordings), -1)


@pytest.mark.parametrize("seed", range(2))
def test_digits_and_speakers_can_be_told_apart(seed):
    """A linear model of the real ones: 92 % of the digits, 95 % of the speakers."""
    data = datasets.load("spoken_digits", seed=seed, takes=15)
    train, test = loudness_of_bands(data.train), loudness_of_bands(data.test)
    for name, least in (("y", 0.85), ("speaker", 0.65)):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01))
        model.fit(train, getattr(data.train, name))
        assert model.score(test, getattr(data.test, name)) > least


def test_padding_keeps_the_signal_and_adds_silence(drawn):
    x = drawn.test.padded(4000)
    assert x.shape == (300, 4000)
    assert x.dtype == np.float32
    assert np.abs(x).max() <= 1
    for row, signal in zip(x, drawn.test.signals):
        assert np.array_equal(row[: len(signal)] * 2**15, signal[:4000])
        assert not row[len(signal) :].any()


def test_reading(tmp_path):
    signal = np.arange(50, dtype="int16")
    names = ["3_ada_4", "3_ada_5", "7_bob_0", "7_bob_12"]
    path = write(tmp_path / "r.zip", {name: signal + i for i, name in enumerate(names)})
    data = spoken_digits.read([path])
    assert data.source == "real"
    assert data.test.speakers == ("ada", "bob")
    assert (data.test.y.tolist(), data.test.speaker.tolist()) == ([3, 7], [0, 1])
    assert data.train.take.tolist() == [5, 12]
    assert np.array_equal(data.train.signals[1], signal + 3)
    assert len(spoken_digits.read([path], takes=6).train) == 1


def test_damaged_files_are_named(tmp_path):
    signal = np.zeros(9, "int16")
    path = write(tmp_path / "r.zip", {"1_ada_0": signal, "1_ada_5": signal}, rate=16000)
    with pytest.raises(DataError, match=r"r\.zip.*1_ada_0\.wav has 16000 samples a second"):
        spoken_digits.read([path])
    write(path, {"1_ada_0": signal})
    with pytest.raises(DataError, match=r"takes below 5 and of later takes"):
        spoken_digits.read([path])
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"r\.zip cannot be read as recordings"):
        spoken_digits.read([path])


def test_real_spoken_digits(real_data):
    data = datasets.load("spoken_digits", source="real")
    assert (len(data.train), len(data.test)) == (2700, 300)
    assert data.test.speakers == ("george", "jackson", "lucas", "nicolas", "theo", "yweweler")
    assert np.median([len(signal) for signal in data.train.signals]) == pytest.approx(3357, abs=1)
