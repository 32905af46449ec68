"""How long lectures take; what they find stands on their pages and in `data/records/`."""

import tempfile
from pathlib import Path

from benchmarks.timing import spread
from classroom.catalogue import lectures as catalogue
from classroom.lectures import run_lectures
from course_lib.datasets import files

REPEAT = 3


def measure(course):
    real = all(files.find(file) for name in files.folders() for file in files.files_of(name))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        copy = course.copy(Path(folder))
        copy.notebooks.rmdir()
        copy.notebooks.symlink_to(course.notebooks)
        for lecture in catalogue.list_lectures(copy):
            fast = sorted(_run(copy, lecture).seconds for _ in range(REPEAT))
            what = f"fast run of {lecture.name}, start of the kernel included"
            rows.append((what, spread(fast), "at most 30 s"))
            if real:
                done = _run(copy, lecture, profile="full", source="real")
                what = f"full run of {lecture.name} on real data, all its claims hold"
                rows.append((what, f"{done.seconds:.0f} s", ""))
    return rows, []


def _run(course, lecture, **options):
    done = run_lectures.run(course, lecture, **options)
    if done.faults:
        raise RuntimeError(f"{lecture.name} failed: {done.faults}")
    return done
