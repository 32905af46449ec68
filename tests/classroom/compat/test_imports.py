"""What is left out of imports is left out, and stays usable."""

import subprocess
import sys

import pytest

from classroom.compat.nbgrader import EXTENSIONS


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "module",
    [
        "classroom.cleaning",
        "classroom.doctor",
        "classroom.grading.grade_class",
        "classroom.labs.verify",
        "classroom.lectures.run_lectures",
        "classroom.reports.class_report",
        "classroom.results.class_results",
        "classroom.collecting.collect",
    ],
)
def test_neither_grammars_nor_a_server_are_imported(module):
    imported = run(f"import sys, {module}; print(*sys.modules, sep='\\n')").split()
    assert "rfc3987_syntax" not in imported
    assert "nbgrader.server_extensions.formgrader" not in imported
    assert "tensorflow" not in imported


def test_rfc3987_syntax_of_jsonschema_can_still_be_imported():
    run("import classroom.compat.nbformat, rfc3987_syntax; rfc3987_syntax.is_valid_syntax")


def test_nbformat_validates_without_rfc3987_syntax():
    run(
        "from classroom.compat.nbformat import from_dict; import nbformat\n"
        "nbformat.validate(nbformat.v4.new_notebook())\n"
        "try:\n    nbformat.validate(from_dict({'cells': 1}))\n"
        "except nbformat.ValidationError:\n    pass\nelse:\n    raise SystemExit('not validated')"
    )


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_an_extension_of_nbgraders_can_still_be_imported(extension):
    run(
        "import classroom.compat.nbgrader\n"
        f"import nbgrader.server_extensions.{extension} as extension\n"
        "assert callable(extension.load_jupyter_server_extension)"
    )


def test_nbgrader_imports_these_extensions_and_no_others():
    imported = run(
        "import sys, nbgrader; print(*(name for name in sys.modules"
        " if name.startswith('nbgrader.server_extensions.')), sep='\\n')"
    ).split()
    assert {name.split(".")[2] for name in imported} == set(EXTENSIONS)
