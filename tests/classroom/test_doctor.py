import sys

import pytest

from classroom import doctor, sandbox
from course_lib.datasets import files

pytestmark = pytest.mark.services

SANDBOX = [
    "sandbox: user namespaces",
    "sandbox: other namespaces",
    "sandbox: Landlock",
    "sandbox: system call filter",
    "sandbox: whole seal",
]


def test_the_doctor_looks_at_everything_and_finds_what_is_needed():
    found = {diagnosis.what: diagnosis for diagnosis in doctor.examine()}
    assert list(found) == [
        "Python",
        "tensorflow",
        "keras",
        "Keras backend",
        "GPU",
        "notebook kernel",
        *SANDBOX,
        *(f"data: {folder}" for folder in files.folders()),
    ]
    assert all(diagnosis.there for diagnosis in found.values() if diagnosis.needed)
    assert all(diagnosis.detail for diagnosis in found.values())
    assert found["data: school"].detail == "11 files to download; `course data fetch school`"


def test_a_kernel_that_does_not_start_is_found(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "")
    monkeypatch.setattr("classroom.kernels.socket_manager.SocketKernelManager.start_kernel", None)
    assert not doctor._kernel().there


@pytest.mark.skipif(sys.platform != "linux", reason="processes can be sealed on Linux only")
def test_what_the_sandbox_lacks_is_named(monkeypatch):
    lacking = [sandbox.Feature("Landlock", False, "needs Linux 5.13")]
    monkeypatch.setattr(sandbox, "features", lambda: lacking)
    (landlock,) = doctor._sandbox()
    assert landlock == ("sandbox: Landlock", False, "needs Linux 5.13", False)
