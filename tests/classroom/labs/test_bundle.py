"""A student's first hour: unpack the bundle, set it up, open a lab, check it."""

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import nbformat
import pytest

from classroom.labs.bundle import bundle

pytestmark = [pytest.mark.services, pytest.mark.slow]


@pytest.fixture(scope="module")
def student(course, tmp_path_factory):
    """The unpacked bundle with an environment of its own, in which `course_lib` is the bundle's.

    All other packages are borrowed from this environment: the bundle's own `make setup` installs
    the same ones, from the same files, as the course's.
    """
    folder = tmp_path_factory.mktemp("student")
    archive = bundle(course, folder / "course.zip")
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(folder)
    home = folder / "course"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / ".venv"], check=True)
    python = home / ".venv" / "bin" / "python"
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    (packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    install = ["-m", "pip", "install", "--no-deps", "--no-build-isolation", "--quiet", "-e", "."]
    subprocess.run([python, *install], cwd=home, check=True)
    yield home
    run(home, "course", "check", "--stop")


def run(student, *command):
    return subprocess.run(
        [student / ".venv" / "bin" / command[0], *command[1:]],
        cwd=student,
        capture_output=True,
        text=True,
    )


def test_course_lib_is_the_bundles(student):
    where = run(student, "python", "-c", "import course_lib; print(course_lib.__file__)").stdout
    assert Path(where.strip()).parent == student / "course_lib"


def test_an_answer_gets_its_points_and_what_is_missing_is_told(student):
    path = student / "labs" / "multitask" / "multitask.ipynb"
    notebook = nbformat.read(path, as_version=4)
    (cell,) = (cell for cell in notebook.cells if cell.id == "bland_altman")
    cell.source = (
        "def bland_altman(predicted, actual):\n"
        "    d = np.subtract(predicted, actual)\n"
        "    reach = 1.96 * d.std(ddof=1)\n"
        "    return {'bias': d.mean(), 'lower': d.mean() - reach, 'upper': d.mean() + reach}\n"
    )
    nbformat.write(notebook, path)
    # Without the environment, as the lab and the README write it.
    (student / "course").chmod(0o755)  # which `unzip` keeps and `extractall` does not
    done = subprocess.run(
        ["./course", "check", "multitask"], cwd=student, capture_output=True, text=True
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "not solved yet" in done.stdout
    assert "1 of 5 visible tests pass" in done.stdout


def test_a_lecture_runs(student):
    listed = run(student, "course", "lectures", "list")
    assert "09_multitask_school" in listed.stdout
