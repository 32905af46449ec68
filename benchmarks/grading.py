"""Grading a class against `nbgrader autograde`, and against the least that it can cost."""

import json
import os
import subprocess
import sys
import tempfile
import time
from copy import deepcopy
from pathlib import Path

import nbformat
import numpy as np
import psutil

from classroom.catalogue import labs as catalogue
from classroom.collecting.collect import collect
from classroom.labs import variants
from classroom.labs.demo_class import make_class
from classroom.labs.release import release
from classroom.labs.verify import hand_in
from classroom.results import outcomes
from classroom.results.gradebook import read_scores

STUDENTS = 48
SIZES = (10, 100, 1000)
LAB = "multitask"
JOBS = str(os.cpu_count())


def measure(course):
    rows = [*_throughput(course), *_scale(), *_faults(), *_trust(course)]
    return rows, []


def _throughput(course):
    with tempfile.TemporaryDirectory() as folder:
        copy = course.copy(Path(folder))
        make_class(copy, LAB, copy.root / "class.zip", STUDENTS)
        collect(copy, LAB, copy.root / "class.zip")
        ours, _ = _run("course", "--course", folder, "grade", LAB, "--jobs", JOBS, cwd=folder)
        our_scores = read_scores(copy, LAB).scores
        folders = copy.labs / "autograded", copy.labs / "checks"
        floor, _ = _run("python", "-m", "benchmarks.floor", *folders, JOBS, cwd=course.root)
        theirs, _ = _run("nbgrader", "autograde", LAB, "--force", cwd=copy.labs)
        their_scores = read_scores(copy, LAB).scores
    equal = np.sum(np.isclose(our_scores, their_scores, equal_nan=True))
    return [
        (f"`nbgrader autograde`, {STUDENTS} submissions of `{LAB}`", f"{theirs:.0f} s", ""),
        (f"`course grade --jobs {JOBS}`, the same, sealed", f"{ours:.1f} s", ""),
        ("ratio of the two", f"{theirs / ours:.1f} ×", "at least 10 ×"),
        (f"their cells alone, in {JOBS} forked processes at a time", f"{floor:.1f} s", ""),
        ("`course grade` over the cells alone", f"{ours / floor:.2f} ×", "at most 1.6 ×"),
        ("scores that are equal", f"{equal} of {our_scores.size}", "all"),
    ]


def _scale():
    rows = []
    for size in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            course = _trivial_class(Path(folder), size)
            seconds, memory = _run(
                "course", "--course", folder, "grade", "tiny", "--jobs", JOBS, cwd=folder
            )
            full = np.sum(read_scores(course, "tiny").totals == 3)
        rows.append(
            (
                f"{size} submissions of a trivial lab, {full} of them with all points",
                f"{seconds:.0f} s, {size / seconds * 60:.0f} a minute, "
                f"grader's peak memory {memory / 2**20:.0f} MiB",
                "flat memory" if size == SIZES[-1] else "",
            )
        )
    return rows


def _trivial_class(root, size):
    """A class whose lab needs no libraries; everybody's answer is right."""
    from tests.classroom.conftest import make_tiny_lab

    course = make_tiny_lab(root)
    notebook = nbformat.read(release(course, "tiny"), as_version=4)
    notebook.cells[0].source = "def double(x):\n    return 2 * x"
    for number in range(size):
        hand_in(course, "tiny", f"s{number:04}", notebook)
    return course


def _faults():
    """Right answers in notebooks that were damaged in every way, beside three honest ones."""
    from tests.classroom.conftest import make_tiny_lab
    from tests.classroom.submissions.test_repair import FAULTS, RIGHT

    with tempfile.TemporaryDirectory() as folder:
        course = make_tiny_lab(Path(folder))
        honest = nbformat.read(release(course, "tiny"), as_version=4)
        honest.cells[0].source = RIGHT
        for student in ("a", "m", "z"):
            hand_in(course, "tiny", student, honest)
        for student, (damage, _) in FAULTS.items():
            damaged = deepcopy(honest)
            damage(damaged, honest)
            place = course.labs / "submitted" / student / "tiny" / "tiny.ipynb"
            place.parent.mkdir(parents=True)
            place.write_text(json.dumps(damaged), encoding="utf-8")
        _run("course", "--course", folder, "grade", "tiny", "--jobs", JOBS, cwd=folder)
        ours = _with_all_points(course)
        (course.labs / "gradebook.db").unlink()
        release(course, "tiny")
        _run("nbgrader", "autograde", "tiny", "--force", cwd=course.labs, check=False)
        theirs = _with_all_points(course)
    return [
        (
            f"{len(FAULTS)} right answers in damaged notebooks, and 3 honest ones: with all points "
            f"under `{grader}`",
            f"{len(full & FAULTS.keys())}, and {len(full - FAULTS.keys())}",
            target,
        )
        for grader, full, target in (
            ("course grade", ours, "all"),
            ("nbgrader autograde", theirs, ""),
        )
    ]


def _with_all_points(course):
    found = read_scores(course, "tiny")
    return {student for student, total in zip(found.students, found.totals) if total == 3}


def _trust(course):
    """The bank of hostile variants, here and under stock nbgrader in a sealed-off copy."""
    with tempfile.TemporaryDirectory() as folder:
        copy = course.copy(Path(folder))
        source = nbformat.read(copy.source(LAB), as_version=4)
        released = nbformat.read(release(copy, LAB), as_version=4)
        bank = {v.name: v for v in variants.read_all(copy, LAB) if v.hostile}
        for variant in bank.values():
            answers = variants.solutions(source) | variant.answers
            hand_in(copy, LAB, variant.name, variants.answer(released, answers))
        _run("course", "--course", folder, "grade", LAB, "--jobs", JOBS, cwd=folder)
        full = sum(catalogue.points(source).values())
        deserved = {name: full - sum(variant.loses.values()) for name, variant in bank.items()}
        ours = _repelled(copy, deserved)
        reported = sum(
            bank[one.student].reported in "\n".join(one.hints + one.notes)
            for one in outcomes.read_all(copy, LAB)
        )
        _run("nbgrader", "autograde", LAB, "--force", cwd=copy.labs, check=False)
        theirs = _repelled(copy, deserved)
    return [
        (f"{len(bank)} attacks that gain nothing, under `course grade`", str(ours), "all"),
        ("of them reported", str(reported), "all"),
        (
            "that gain nothing under `nbgrader autograde`, where one raises everybody's scores",
            str(theirs),
            "",
        ),
    ]


def _repelled(course, deserved):
    found = read_scores(course, LAB)
    reached = dict(zip(found.students, found.totals))
    return sum(reached.get(student, 0) <= points for student, points in deserved.items())


def _run(program, *arguments, cwd, check=True):
    """Runs a program of this environment; returns its seconds and its peak memory in bytes."""
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    start, peak = time.perf_counter(), 0
    command = [str(programs / program), *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as said:
        running = psutil.Popen(
            command, cwd=cwd, env={**os.environ, "PATH": path}, stdout=said, stderr=said
        )
        while True:
            try:
                running.wait(timeout=0.2)
                break
            except (psutil.TimeoutExpired, subprocess.TimeoutExpired):
                peak = max(peak, running.memory_info().rss)
        seconds = time.perf_counter() - start
        said.seek(0)
        if check and running.returncode:
            raise RuntimeError(f"{' '.join(command)} failed:\n{said.read()}")
    return seconds, peak
