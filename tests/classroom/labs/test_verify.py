import nbformat
import pytest

from classroom.labs.verify import verify

SINGLE = '"""Wrong."""\n\nLOSES = {loses}\n\n\n# %% {task}\ndef {task}(x):\n    return x\n'


@pytest.fixture
def two_tasks(lab):
    """The tiny lab with a second task, `triple`, which is like `double`."""
    path = lab.source("tiny")
    notebook = nbformat.read(path, as_version=4)
    for first in notebook.cells[:2]:
        second = nbformat.from_dict(first)
        second.metadata.nbgrader.grade_id = second.id = first.id.replace("double", "triple")
        second.source = first.source.replace("double", "triple").replace("2", "3")
        notebook.cells.append(second)
    nbformat.write(notebook, path)
    return lab


def write_variant(lab, name, task, loses):
    path = lab.labs / "variants" / "tiny" / f"{name}.py"
    path.write_text(SINGLE.format(task=task, loses=loses))


@pytest.mark.services
def test_of_variants_in_one_notebook_the_one_with_another_score_is_named(two_tasks):
    write_variant(two_tasks, "wrong_double", "double", {"double-tests": 1, "double-check": 2})
    write_variant(two_tasks, "wrong_triple", "triple", {"triple-tests": 0.5})
    run = []

    def collect(outcome, left):
        run.append(outcome.student)

    findings = list(verify(two_tasks, "tiny", progress=collect, sealed=False))
    assert sorted(run) == ["release", "solution", "wrong_double_and_1_more"]
    assert {finding.what: finding.problems for finding in findings if finding.problems} == {
        "wrong_triple loses what it should": ["triple-tests scored 0, should score 0.5"]
    }
