"""Grading a class against `nbgrader autograde` on the same submissions."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from course_lib.classroom.collect import collect
from course_lib.classroom.demo import make_class
from course_lib.classroom.gradebook import read_scores

STUDENTS = 24
LAB = "multitask"


def measure(course):
    with tempfile.TemporaryDirectory() as folder:
        copy = course.copy(Path(folder))
        make_class(copy, LAB, copy.root / "class.zip", STUDENTS)
        collect(copy, LAB, copy.root / "class.zip")
        jobs = str(os.cpu_count())
        ours = _run("course", "--course", folder, "grade", LAB, "--jobs", jobs, cwd=folder)
        our_scores = read_scores(copy, LAB).scores
        theirs = _run("nbgrader", "autograde", LAB, "--force", cwd=copy.labs)
        their_scores = read_scores(copy, LAB).scores
    equal = np.sum(np.isclose(our_scores, their_scores, equal_nan=True))
    return [
        (f"`nbgrader autograde`, {STUDENTS} submissions of `{LAB}`", f"{theirs:.0f} s", ""),
        (f"`course grade --jobs {jobs}`, the same", f"{ours:.0f} s", ""),
        ("ratio of the two", f"{theirs / ours:.1f} ×", ""),
        ("scores that are equal", f"{equal} of {our_scores.size}", "all"),
    ], []


def _run(program, *arguments, cwd):
    """Runs a program of this environment; returns its seconds."""
    programs = Path(sys.executable).parent
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    start = time.perf_counter()
    command = [str(programs / program), *arguments]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start
