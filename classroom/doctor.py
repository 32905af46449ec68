"""What is there on this machine and what is not."""

import importlib.metadata
import platform
import subprocess
import sys
from typing import NamedTuple

from classroom import sandbox
from course_lib.datasets import files


class Diagnosis(NamedTuple):
    """One thing that the course uses.

    Attributes:
        what: Its name.
        there: Whether it is there.
        detail: What was found, or what to do.
        needed: Whether the course needs it to run at all.
    """

    what: str
    there: bool
    detail: str
    needed: bool


def examine():
    """Looks at everything that the course uses, one thing after the other.

    Yields:
        `Diagnosis` objects.
    """
    yield _python()
    yield from _tensorflow()
    yield _kernel()
    yield from _sandbox()
    yield from _data()


def _python():
    there = (3, 10) <= sys.version_info < (3, 14)
    return Diagnosis("Python", there, f"{platform.python_version()}, needed is 3.10 to 3.13", True)


def _tensorflow():
    """Versions, backend and GPUs, asked in another process: TensorFlow may not even start."""
    for package in ("tensorflow", "keras"):
        try:
            yield Diagnosis(package, True, importlib.metadata.version(package), True)
        except importlib.metadata.PackageNotFoundError:
            yield Diagnosis(package, False, "not installed; run `make setup`", True)
    question = (
        "import keras, tensorflow;"
        "print(keras.backend.backend(), len(tensorflow.config.list_physical_devices('GPU')))"
    )
    command = [sys.executable, "-c", question]
    asked = subprocess.run(command, cwd=sys.prefix, capture_output=True, text=True)
    if asked.returncode:
        yield Diagnosis("Keras backend", False, asked.stderr.strip().splitlines()[-1], True)
        return
    backend, gpus = asked.stdout.split()
    yield Diagnosis("Keras backend", True, backend, True)
    detail = (
        f"{gpus} found"
        if int(gpus)
        else "none found; lectures run in their fast profile without one"
    )
    yield Diagnosis("GPU", int(gpus) > 0, detail, False)


def _kernel():
    import nbformat
    from nbclient import NotebookClient

    from classroom.kernels.socket_manager import SocketKernelManager

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    try:
        NotebookClient(
            notebook, kernel_manager_class=SocketKernelManager, kernel_name="python3", timeout=60
        ).execute()
        return Diagnosis("notebook kernel", True, "starts and answers", True)
    except Exception as error:
        return Diagnosis("notebook kernel", False, f"{type(error).__name__}: {error}", True)


def _sandbox():
    """What seals a student's process; none of it needs root."""
    for feature in sandbox.features():
        yield Diagnosis(f"sandbox: {feature.what}", feature.there, feature.detail, False)


def _data():
    for folder in files.folders():
        try:
            missing = [file for file in files.files_of(folder) if files.verify(file) is None]
            detail = (
                f"{len(missing)} files to download; `course data fetch {folder}`"
                if missing
                else "there, and verified"
            )
            yield Diagnosis(f"data: {folder}", not missing, detail, False)
        except files.DataError as error:
            yield Diagnosis(f"data: {folder}", False, str(error), False)
