"""The least that grading a class can cost: the cells alone, in forked processes.

`python -m benchmarks.floor FOLDER CHECKS JOBS` runs a folder's notebooks, with the hidden checks
of the folder CHECKS, without Jupyter, database or seal.
"""

import os
import sys
from pathlib import Path

import nbformat


def main(folder, checks, jobs):
    os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", OMP_NUM_THREADS="1")
    os.environ["COURSE_CHECKS"] = checks
    paths = sorted(Path(folder).rglob("*.ipynb"))
    import keras  # noqa: F401

    running = 0
    for path in paths:
        if running == jobs:
            os.wait()
            running -= 1
        if os.fork() == 0:
            run(path)
        running += 1
    for _ in range(running):
        os.wait()


def run(path):
    """Runs a notebook's cells and ends the process."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    namespace = {"__name__": "__main__"}
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            try:
                exec(compile(cell.source, "cell", "exec"), namespace)
            except Exception:
                continue
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
