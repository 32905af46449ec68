"""Film reviews: 10,662 sentences, half of them praise and half of them blame.

Pang and Lee, "Seeing stars", ACL 2005.
"""

import random
from dataclasses import dataclass

import numpy as np

from course_lib.datasets.files import DataError

CLASSES = ("negative", "positive")


@dataclass(frozen=True)
class Sentences:
    """Sentences in lower case, with blanks around words and punctuation.

    Attributes:
        text: The sentences.
        y: 1 for praise, 0 for blame, `(sentences,)` int32.
        classes: Names of the two classes.
    """

    text: tuple[str, ...]
    y: np.ndarray
    classes: tuple[str, ...] = CLASSES

    def __len__(self):
        return len(self.text)


@dataclass(frozen=True)
class Reviews:
    """Sentences to train with and sentences to test with.

    Attributes:
        train: `Sentences`, four fifths of each class, shuffled.
        test: `Sentences`, the others.
        source: `"real"` or `"synthetic"`.
    """

    train: Sentences
    test: Sentences
    source: str


def read(paths):
    """Reads the real data. The split is always the same.

    Args:
        paths: The files `rt-polarity.neg` and `rt-polarity.pos`.

    Returns:
        A `Reviews`.

    Raises:
        DataError: if a file cannot be read.
    """
    return _split([_read_lines(path) for path in paths], 0, "real")


def _read_lines(path):
    try:
        lines = path.read_text(encoding="cp1252").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} cannot be read as text: {error}") from error
    return [line.strip() for line in lines if line.strip()]


def _split(classes, seed, source):
    """Shuffles the sentences of each class, and takes a fifth of each for testing."""
    rng = np.random.default_rng(seed)
    parts = [], []
    for y, lines in enumerate(classes):
        lines = rng.permutation(np.array(lines, object))
        parts[0].extend((line, y) for line in lines[len(lines) // 5 :])
        parts[1].extend((line, y) for line in lines[: len(lines) // 5])
    train, test = (
        Sentences(text, np.array(y, "int32"))
        for text, y in (zip(*[part[i] for i in rng.permutation(len(part))]) for part in parts)
    )
    return Reviews(train, test, source)


# Things, words of blame and words of praise.
LEXICON = """acting plot film script story cast music ending humor camerawork dialogue premise
pacing direction comedy drama movie romance thriller screenplay

awful bland boring clumsy contrived crude dismal dreadful dull empty flat forgettable lame lifeless
mediocre muddled pointless predictable shallow silly sloppy stale tedious tiresome trite uneven
unfunny weak

absorbing beautiful brilliant charming clever compelling daring delightful elegant engaging
enjoyable fresh funny gentle graceful gripping heartfelt inventive lively moving powerful riveting
sharp smart splendid touching warm witty"""
THINGS, *WORDS = (block.split() for block in LEXICON.split("\n\n"))
DEGREES = "", "", "truly ", "deeply ", "often ", "quite ", "surprisingly "
PLAIN = (
    "the {thing} is {degree}{word}",
    "this is {degree}{word} {thing}",
    "the {thing} feels {degree}{word}",
    "how {word} the {thing} is",
    "here comes some {degree}{word} {thing}",
)
NEGATED = (
    "the {thing} is never {word}",
    "there is nothing {word} about the {thing}",
    "the {thing} is anything but {word}",
    "the {thing} is not {degree}{word}",
)
TURNS = (
    "{against} , but {with_it}",
    "although {against} , {with_it}",
    "{with_it} , even if {against}",
)
ENDS = " .", " .", " !", ""


def synthesize(seed=0):
    """Writes sentences of praise and blame by a small grammar.

    A sixth of the statements is negated and a sixth of the sentences concedes something to the
    other side, so that the order of the words tells more than the words alone.

    Args:
        seed: Seed of all draws, and of the split.

    Returns:
        A `Reviews` of the real size.
    """
    rng = random.Random(seed)
    return _split([[_write(rng, y) for _ in range(5331)] for y in (0, 1)], seed, "synthetic")


def _write(rng, y):
    """Writes one sentence of class `y`."""
    if rng.random() < 1 / 6:
        turn = rng.choice(TURNS)
        sentence = turn.format(with_it=_state(rng, y), against=_state(rng, 1 - y))
    else:
        sentence = _state(rng, y) + rng.choice((" , and ", " ; ", " : ")) + _state(rng, y)
    return sentence + rng.choice(ENDS)


def _state(rng, y):
    """Writes one statement of class `y`."""
    negated = rng.random() < 1 / 6
    words = WORDS[1 - y if negated else y]
    form = rng.choice(NEGATED if negated else PLAIN)
    return form.format(thing=rng.choice(THINGS), degree=rng.choice(DEGREES), word=rng.choice(words))
