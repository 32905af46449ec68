"""What a warm server imports is read from the course."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom.kernels.stack import find_imports
from classroom.sandbox import TOPICS


def write(path, *cells):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=[*map(new_code_cell, cells)]), path)


@pytest.mark.parametrize("notebooks", ["labs", "course"])
def test_no_solution_is_in_the_memory_of_kernels(notebooks):
    found = find_imports(notebooks)
    assert {"keras", "numpy"} <= set(found)
    assert not [name for name in found if name.partition("course_lib.")[2].split(".")[0] in TOPICS]
    assert "course_lib.quiet" not in found


def test_imports_of_lectures_labs_and_checks_are_found(tmp_path):
    write(
        tmp_path / "notebooks" / "01_a.ipynb", "import a.b\nfrom c import d", "%matplotlib inline"
    )
    write(tmp_path / "labs" / "source" / "x" / "x.ipynb", "def f():\n    import e")
    (tmp_path / "labs" / "checks").mkdir()
    (tmp_path / "labs" / "checks" / "x.py").write_text(
        "from course_lib.fusion import g, h\nimport i"
    )
    found = {name for name in find_imports("course", tmp_path) if not name.startswith("c")}
    assert found == {"a.b", "e", "i"}
    assert {"c", "c.d"} <= set(find_imports("course", tmp_path))
    assert set(find_imports("labs", tmp_path)) == {"classroom.checks.kernel_side", "e", "i"}


def test_text_is_no_code(tmp_path):
    path = tmp_path / "notebooks" / "01_a.ipynb"
    path.parent.mkdir()
    nbformat.write(new_notebook(cells=[new_markdown_cell("import a")]), path)
    assert "a" not in find_imports("course", tmp_path)
