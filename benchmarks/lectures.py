"""How long lectures take, and what they find in real data."""

import tempfile
from pathlib import Path

import nbformat

from benchmarks.timing import spread
from course_lib.classroom import lectures
from course_lib.datasets import files

REPEAT = 3
RESULTS = {
    "01_transfer": ("comparison", "regimes-saw"),
    "02_bottleneck": ("cost-saw", "comparison", "text-saw"),
    "03_where_to_cut": ("treatments-saw", "probe-saw", "comparison-saw"),
    "04_consistency": ("baseline", "train-saw", "comparison-saw"),
    "05_semi_supervised": ("budget-saw", "cost-saw", "published-saw", "context-saw"),
    "06_fusion": ("table", "comparison-saw"),
    "07_intermediate_fusion": ("discard-saw", "mixtures-saw", "published-saw"),
    "08_fusion_search": ("inherit-saw", "retrain", "comparison", "words"),
    "09_multitask_school": ("protocol", "comparison", "comparison-saw", "survey-saw"),
    "10_labels_together": ("baseline", "race-saw", "comparison", "comparison-saw"),
    "11_multitask_architectures": (
        "baseline",
        "comparison",
        "comparison-saw",
        "frames",
        "fails-saw",
    ),
    "12_balancing": ("baseline", "unit", "comparison", "comparison-saw", "frames"),
    "13_toxicity": ("baseline", "separate", "comparison", "comparison-saw", "chembl"),
}


def measure(course):
    real = all(files.find(file) for name in files.folders() for file in files.files_of(name))
    rows, notes = [], []
    with tempfile.TemporaryDirectory() as folder:
        copy = course.copy(Path(folder))
        copy.notebooks.rmdir()
        copy.notebooks.symlink_to(course.notebooks)
        for lecture in lectures.list_lectures(copy):
            fast = sorted(_run(copy, lecture).seconds for _ in range(REPEAT))
            what = f"fast run of {lecture.name}, start of the kernel included"
            rows.append((what, spread(fast), "at most 30 s"))
            if real:
                done = _run(copy, lecture, profile="full", source="real")
                what = f"full run of {lecture.name} on real data, all its claims hold"
                rows.append((what, f"{done.seconds:.0f} s", ""))
                notes.append(_results(done))
    return rows, notes


def _run(course, lecture, **options):
    done = lectures.run(course, lecture, **options)
    if done.fault:
        raise RuntimeError(f"{lecture.name} failed: {done.fault}")
    return done


def _results(done):
    """The tables of a lecture that was run on real data."""
    notebook = nbformat.read(done.page.with_suffix(".ipynb"), as_version=4)
    cells = {cell.id: cell for cell in notebook.cells}
    texts = [
        output.data["text/markdown"].strip()
        for name in RESULTS[done.lecture.name]
        for output in cells[name].outputs
        if "text/markdown" in output.get("data", {})
    ]
    return "\n\n".join([f"### {done.lecture.title}: real data", *texts])
