"""Both ways to install name the same packages, and no file knows its author's machine."""

import re
import subprocess
import sys

import pytest
import yaml
from packaging.requirements import Requirement

from classroom.course import Course

ROOT = Course.find(__file__).root
CARD = {"tensorflow", "jupyterlab", "nbgrader", "papermill", "matplotlib", "pytest"}


@pytest.fixture(scope="module")
def project():
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def environment():
    return yaml.safe_load((ROOT / "environment.yml").read_text())


def ranges(requirements):
    """Dictionary from packages to their ranges."""
    return {r.name: r.specifier for r in map(Requirement, requirements)}


def test_conda_and_pip_install_the_same_packages_and_ranges(project, environment):
    *by_conda, by_pip = environment["dependencies"]
    found = ranges([r for r in [*by_conda, *by_pip["pip"]] if not r.startswith(("pip", "-e"))])
    expected = ranges([*project["dependencies"], "python" + project["requires-python"]])
    assert found == expected


def test_the_packages_of_the_card_are_there(project):
    assert set(ranges(project["dependencies"])) >= CARD


def test_the_extras_are_there(project):
    assert set(project["optional-dependencies"]) == {"gpu", "cluster", "site", "dev"}


def test_every_package_is_pinned_within_its_range(project):
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line]
    pinned = [Requirement(pin) for pin in pins]
    extras = [r for extra in project["optional-dependencies"].values() for r in extra]
    for name, specifier in ranges([*project["dependencies"], *extras]).items():
        versions = [str(pin.specifier).removeprefix("==") for pin in pinned if pin.name == name]
        assert versions, name
        assert all(specifier.contains(version, prereleases=True) for version in versions), name


def test_no_file_records_a_registrys_address_or_a_path_of_this_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    pattern = re.compile(
        r"https?://\S+/(simple|packages|-)/\S+\.(whl|tgz|tar\.gz)|/(home|root|Users)/\w"
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.is_file() and name != "tests/test_packaging.py":
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not pattern.search(text), name
