"""Submissions that resemble each other more than the class does.

A solution is turned into a stream without names, comments and white space, and that into
fingerprints, a few of its short pieces, by winnowing (Schleimer, Wilkerson and Aiken 2003,
"Winnowing: local algorithms for document fingerprinting"). What students were given, and the
lectures, leave no fingerprints. The more of the class has a fingerprint, the less it says: it
weighs minus the logarithm of the share of the class that has it.

Resemblance is no proof: it says which submissions a person should read side by side.
"""

import functools
import re
import zlib
from typing import NamedTuple

import nbformat
import numpy as np
from nbgrader.utils import is_locked, is_solution
from scipy.sparse import csr_array

from classroom.catalogue.labs import name_cell
from classroom.compat.copydetect import filter_code, winnow

# Characters of a piece without names, and pieces of which at least one is kept.
PIECE = 20
WINDOW = 4

# Characters of a cell that are compared: the time that they take grows with their square.
LONGEST = 50_000

# What a pair has in common at least: the share, and how much that weighs.
SHARE = 0.3
WEIGHT = 20.0


class Pair(NamedTuple):
    """Two submissions that resemble each other.

    Attributes:
        first: Identifier of a student.
        second: Identifier of another.
        share: Share in common of what both wrote, from 0 to 1, the unusual weighing more.
        weight: How much what they share weighs: minus the logarithm of the probability that one
            would have by chance what the other has, were all pieces independent.
        questions: The questions in which as large a share is in common.
    """

    first: str
    second: str
    share: float
    weight: float
    questions: list[str]


def find_similar(course, lab):
    """Finds the pairs of a lab's graded submissions that resemble each other.

    Args:
        course: A `Course`.
        lab: Name of the lab.

    Returns:
        List of `Pair`s, those first whose common part weighs most.
    """
    answers, released = {}, sorted((course.labs / "release" / lab).glob("*.ipynb"))
    for path in sorted(course.labs.glob(f"autograded/*/{lab}/*.ipynb")):
        found = answers.setdefault(path.parts[-3], {})
        for question, answer in read_answers(nbformat.read(path, as_version=4)).items():
            found[name_cell(released, path.stem, question)] = answer
    given = [
        normalize(cell)
        for path in [*released, *sorted(course.notebooks.glob("*.ipynb"))]
        for cell in nbformat.read(path, as_version=4).cells
    ]
    return compare(answers, given)


def read_answers(notebook):
    """Reads what a student wrote.

    Args:
        notebook: The notebook that was graded.

    Returns:
        Dictionary from each question to its answer, normalized. A code cell of the student's own
        belongs to the answer above it.
    """
    answers, question = {}, ""
    for cell in notebook.cells:
        if is_solution(cell):
            question = cell.metadata.nbgrader.grade_id
        elif cell.cell_type != "code" or is_locked(cell):
            continue
        answers[question] = answers.get(question, "") + normalize(cell)
    return answers


def normalize(cell):
    """Returns a cell's code without names, comments and white space, or its text's bare words."""
    source = cell.source[:LONGEST]
    if cell.cell_type == "code":
        return _normalize_code(source)
    return re.sub(r"\W+", "", source.lower())


def compare(answers, given=()):
    """Compares all submissions with each other.

    Args:
        answers: Dictionary from each student to a dictionary from questions to normalized answers.
        given: Normalized texts that are no evidence, since everybody has them.

    Returns:
        List of `Pair`s, those first whose common part weighs most. A pair is in it if it shares
        three tenths or more of what both wrote, and more than the class does: the share, or its
        weight, is far out by Tukey's rule, three interquartile ranges above the upper quartile of
        all pairs.
    """
    if len(answers) < 3:
        return []
    students = list(answers)
    questions = list(dict.fromkeys(question for one in answers.values() for question in one))
    known = np.unique(np.concatenate([_hash_pieces(text) for text in ["", *given]]))
    weights = {
        question: _weigh([answers[student].get(question, "") for student in students], known)
        for question in questions
    }
    weight, either = np.sum(list(weights.values()), axis=0)
    shares = _divide(weight, either)
    far = _is_far_out(shares) | _is_far_out(weight)
    similar = (shares >= SHARE) & (weight >= WEIGHT) & far
    alike = {question: _divide(*weighed) >= SHARE for question, weighed in weights.items()}
    pairs = [
        Pair(
            students[first],
            students[second],
            float(shares[first, second]),
            float(weight[first, second]),
            [question for question in questions if alike[question][first, second]],
        )
        for first, second in np.argwhere(np.triu(similar, 1))
    ]
    return sorted(pairs, key=lambda pair: -pair.weight)


@functools.cache
def _normalize_code(source):
    return filter_code(source, "", "python")[0]


def _weigh(texts, known):
    """Weighs what each pair of texts has in common, and what at least one of both has.

    Returns:
        Array of shape `(2, texts, texts)`.
    """
    prints = [np.setdiff1d(_fingerprint(text), known) for text in texts]
    names, columns = np.unique(np.concatenate(prints), return_inverse=True)
    rows = np.repeat(np.arange(len(texts)), [len(one) for one in prints])
    has = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(texts), len(names)))
    weight = np.log(len(texts) / np.maximum(has.sum(axis=0), 1))
    both = (has * weight @ has.T).toarray()
    alone = np.diag(both)
    return np.stack([both, alone[:, None] + alone - both])


def _is_far_out(values):
    """Whether pairs are far above the other pairs, by Tukey's rule."""
    lower, upper = np.quantile(values[np.triu_indices(len(values), 1)], [0.25, 0.75])
    return values > upper + 3 * (upper - lower)


def _divide(numerator, denominator):
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 1e-9)


@functools.cache
def _fingerprint(text):
    hashes = _hash_pieces(text)
    return winnow(hashes, WINDOW)[0] if len(hashes) else hashes


def _hash_pieces(text):
    """Hashes of all pieces of a text. Python's own hashes would differ from run to run."""
    encoded = text.encode("utf-8", "replace")
    pieces = [encoded[start : start + PIECE] for start in range(len(encoded) - PIECE + 1)]
    return np.array([zlib.crc32(piece) for piece in pieces], dtype=np.int64)
