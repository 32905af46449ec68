"""A demo class of synthetic students, made from the variants of a lab."""

import zipfile

import nbformat
import numpy as np

from classroom.catalogue import labs as catalogue
from classroom.labs import variants
from classroom.labs.release import release
from classroom.results.questions import question_of

STUDENTS = 12


def make_class(course, lab, archive, students=STUDENTS, seed=0):
    """Makes the archive that a learning platform would export for a class of synthetic students.

    Each student answers each task like one of the lab's honest variants, like its solution, or not
    at all.

    Args:
        course: A `Course`.
        lab: Name of the lab.
        archive: The zip file to write, in the layout of Moodle's exports.
        students: Number of students.
        seed: Seed of all draws.

    Returns:
        Dictionary from each student's identifier to the points that their answers must get.
    """
    rng = np.random.default_rng(seed)
    release(course, lab)
    released = {
        name: nbformat.read(course.released(lab, name), as_version=4)
        for name in course.notebook_names(lab)
    }
    points = catalogue.read_points(course, lab)
    expected = {}
    archive.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(1, students + 1):
            answers, lost = {}, 0.0
            for task, options in _options(course, lab, points).items():
                answer, loses = options[rng.integers(len(options))]
                if answer is not None:
                    answers[task] = answer
                lost += loses
            student = f"{1000 + number}"
            expected[student] = sum(points.values()) - lost
            for name, notebook in variants.answer_all(released, answers).items():
                file.writestr(
                    f"Student {number}_{student}_assignsubmission_file_/{name}.ipynb",
                    nbformat.writes(notebook),
                )
    return expected


def _options(course, lab, points):
    """For each solution cell, the answers to choose from with the points that each loses."""
    solutions = variants.all_solutions(variants.read_sources(course, lab))
    options = {task: [(solution, 0.0)] * 3 for task, solution in solutions.items()}
    for task in options:
        options[task].append(
            (None, sum(p for cell, p in points.items() if question_of(cell) == task))
        )
    for variant in variants.read_all(course, lab):
        if variant.hostile:
            continue
        for task, answer in variant.answers.items():
            loses = sum(p for cell, p in variant.loses.items() if question_of(cell) == task)
            options[task].append((answer, loses))
    return options
