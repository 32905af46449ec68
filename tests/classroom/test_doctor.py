import pytest

from course_lib.classroom import doctor

pytestmark = pytest.mark.services


def test_the_doctor_looks_at_everything_and_finds_what_is_needed():
    found = {diagnosis.what: diagnosis for diagnosis in doctor.examine()}
    assert list(found) == [
        "Python",
        "tensorflow",
        "keras",
        "Keras backend",
        "GPU",
        "notebook kernel",
        "sandbox: Landlock",
        "sandbox: namespaces",
        "sandbox: bubblewrap",
        "data: computer_survey",
        "data: school",
    ]
    assert all(diagnosis.there for diagnosis in found.values() if diagnosis.needed)
    assert all(diagnosis.detail for diagnosis in found.values())
    assert found["data: school"].detail == "11 files to download; `course data fetch school`"


def test_a_kernel_that_does_not_start_is_found(monkeypatch):
    monkeypatch.setenv("JUPYTER_PATH", "")
    monkeypatch.setattr("course_lib.classroom.kernels.SocketKernelManager.start_kernel", None)
    assert not doctor._kernel().there
