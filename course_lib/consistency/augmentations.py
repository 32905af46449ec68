"""Augmentation q(x̂ | x): what may change about an input without changing its label.

Pictures are augmented by Keras's own layers, each by an amount of its own; pixels go from 0 to 255.
Sentences are lists of words.

DeVries and Taylor, "Improved regularization of convolutional neural networks with cutout", 2017;
Cubuk, Zoph, Shlens and Le, "RandAugment", CVPR Workshops 2020.
"""

import keras
import numpy as np
from keras import layers

PIXELS = (0, 255)


def crop_and_flip(share=0.125, flip=True, seed=None):
    """Shifts pictures, as by padding and cropping, and mirrors half of them.

    Keras's `RandomCrop` draws one place for a whole batch, `RandomTranslation` one for each.

    Args:
        share: Largest shift, as a part of height and width.
        flip: Whether to mirror: not where left and right mean something, as in digits.
        seed: Seed, or None.

    Returns:
        A `keras.Sequential` for pictures `(rows, height, width, channels)`.
    """
    shift = layers.RandomTranslation(
        share, share, fill_mode="constant", interpolation="nearest", seed=seed
    )
    mirror = [layers.RandomFlip("horizontal", seed=seed)] if flip else []
    return keras.Sequential([shift, *mirror])


def cutout(share=0.25, seed=None):
    """Covers a rectangle of each picture with the middle of the range of pixels.

    Args:
        share: Area of the rectangle, as a part of the picture's.
        seed: Seed, or None.

    Returns:
        A Keras layer for pictures.
    """
    # A factor of 1.0 would mean a chance drawn between 0 and 1, and cover half of the pictures.
    return layers.RandomErasing(
        factor=(1.0, 1.0),
        scale=(share, share),
        fill_value=sum(PIXELS) / 2,
        value_range=PIXELS,
        seed=seed,
    )


def rand_augment(operations=2, strength=0.1, covered=0.25, flip=True, seed=None):
    """RandAugment as UDA uses it: random operations, then a shift, then cutout.

    Keras draws the operations once for a batch, and how far they go for each picture.

    Args:
        operations: Number of operations.
        strength: How far they go at most, from 0 to 1, where pictures are turned by 180 degrees.
        covered: As the share of `cutout`.
        flip: As for `crop_and_flip`.
        seed: Seed, or None.

    Returns:
        A `keras.Sequential` for pictures with three channels.
    """
    change = layers.RandAugment(value_range=PIXELS, num_ops=operations, factor=strength, seed=seed)
    return keras.Sequential([change, crop_and_flip(flip=flip, seed=seed), cutout(covered, seed)])


def drop_words(sentence, share, rng):
    """Leaves words out, at least one stays.

    Args:
        sentence: List of words.
        share: Chance of each word to be left out.
        rng: A `numpy.random.Generator`.

    Returns:
        List of words.
    """
    kept = [word for word, draw in zip(sentence, rng.random(len(sentence))) if draw >= share]
    return kept or [sentence[rng.integers(len(sentence))]]


def replace_words(sentence, neighbours, share, rng):
    """Replaces words by others that stand for about the same.

    Wang, Pham, Dai and Neubig, "SwitchOut", EMNLP 2018, draws any word; neighbours keep the sense.

    Args:
        sentence: List of words.
        neighbours: Dictionary from a word to a list of words, such as `nearest_words` or a
            thesaurus gives; a word that it lacks stays.
        share: Chance of each word to be replaced.
        rng: A `numpy.random.Generator`.

    Returns:
        List of as many words.
    """
    draws = rng.random(len(sentence))
    return [
        str(rng.choice(neighbours[word])) if draw < share and neighbours.get(word) else word
        for word, draw in zip(sentence, draws)
    ]


def nearest_words(words, vectors, number=5):
    """The words whose vectors point most nearly in the same direction.

    Args:
        words: List of words.
        vectors: Their vectors, `(words, dimensions)`.
        number: How many for each.

    Returns:
        Dictionary from each word to a list of words, the nearest first, itself left out.
    """
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    alike = unit @ unit.T
    np.fill_diagonal(alike, -np.inf)
    order = np.argsort(-alike, axis=1)[:, :number]
    return {word: [words[i] for i in row] for word, row in zip(words, order)}


def back_translate(sentences, there, back):
    """Says sentences in other words, by translating them to another language and back.

    Args:
        sentences: List of sentences, each a string.
        there: Function from a list of sentences to their translations; any model will do.
        back: Function from those to sentences in the first language.

    Returns:
        List of as many sentences.

    Raises:
        ValueError: if a translator returns another number of sentences than it got.
    """
    for translate in (there, back):
        translated = list(translate(sentences))
        if len(translated) != len(sentences):
            raise ValueError(
                f"A translator got {len(sentences)} sentences and returned {len(translated)}; it "
                "must return one for each."
            )
        sentences = translated
    return sentences
