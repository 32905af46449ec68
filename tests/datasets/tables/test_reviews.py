import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB

from course_lib import datasets
from course_lib.datasets import DataError
from course_lib.datasets.tables import reviews


@pytest.fixture(scope="module")
def drawn():
    return datasets.load("reviews")


def test_schema(drawn):
    assert (len(drawn.train), len(drawn.test)) == (8530, 2132)
    assert np.bincount(drawn.test.y).tolist() == [1066, 1066]
    assert drawn.train.classes == ("negative", "positive")
    assert all(re.fullmatch(r"[a-z]+( [a-z]+| [.,;:!])*", line) for line in drawn.train.text)


def accuracy(data, words):
    """Test accuracy of naive Bayes on counts of words, or of rows of words."""
    counts = CountVectorizer(ngram_range=(1, words)).fit(data.train.text)
    bayes = MultinomialNB().fit(counts.transform(data.train.text), data.train.y)
    return bayes.score(counts.transform(data.test.text), data.test.y)


@pytest.mark.parametrize("seed", range(3))
def test_words_tell_as_much_as_in_the_real_ones_and_their_order_more(seed):
    """Real, by words alone and by pairs of words too: 79 %."""
    data = datasets.load("reviews", seed=seed)
    assert accuracy(data, 1) == pytest.approx(0.78, abs=0.03)
    assert accuracy(data, 2) > accuracy(data, 1) + 0.03


def test_negation_turns_praise_into_blame():
    """The same word of praise stands in both classes: plain in one, negated in the other."""
    data = datasets.load("reviews").train
    praise = [y for text, y in zip(data.text, data.y) if " is witty ;" in text]
    blame = [y for text, y in zip(data.text, data.y) if " is never witty ;" in text]
    assert set(praise) == {1}
    assert set(blame) == {0}


def write(folder, blame, praise):
    paths = [folder / "rt-polarity.neg", folder / "rt-polarity.pos"]
    for path, lines in zip(paths, (blame, praise)):
        path.write_bytes("".join(f"{line} \n" for line in lines).encode("cp1252"))
    return paths


def test_reading_keeps_every_line_once_with_its_class(tmp_path):
    """A line break is a line's end; other separators, such as cp1252's 0x85, are text."""
    blame = [f"bad {i} café …" for i in range(10)]
    praise = [f"good {i}" for i in range(20)]
    data = reviews.read(write(tmp_path, blame, praise))
    assert (len(data.train), len(data.test)) == (24, 6)
    both = dict(zip(data.train.text + data.test.text, [*data.train.y, *data.test.y]))
    assert both == dict.fromkeys(blame, 0) | dict.fromkeys(praise, 1)
    assert data.test.y.sum() == 4
    assert np.abs(np.diff(data.train.y)).sum() > 4  # shuffled
    assert reviews.read(write(tmp_path, blame, praise)).train.text == data.train.text


def test_a_damaged_file_is_named(tmp_path):
    paths = write(tmp_path, ["bad"] * 5, ["good"] * 5)
    paths[1].write_bytes(b"good \x81 \n")
    with pytest.raises(DataError, match=r"rt-polarity\.pos cannot be read as text"):
        reviews.read(paths)


def test_real_reviews(real_data):
    data = datasets.load("reviews", source="real")
    assert (len(data.train), len(data.test)) == (8530, 2132)
    assert len(set(data.train.text + data.test.text)) == 10662
    assert accuracy(data, 1) == pytest.approx(0.79, abs=0.01)
