"""The rooms of the house: each imports what lies lower, and no import goes in a circle."""

import ast
from graphlib import TopologicalSorter

import pytest

from classroom.course import Course

ROOT = Course.find(__file__).root
# The lowest floor first. Rooms of one floor do not know each other.
FLOORS = (
    "course_lib.contrastive course_lib.keras_internals course_lib.messages course_lib.quiet "
    "course_lib.seeds",
    "course_lib.gradients course_lib.metrics course_lib.records",
    "course_lib.claims course_lib.predictions course_lib.turn",
    "course_lib.plots course_lib.datasets",
    "course_lib.consistency course_lib.fusion course_lib.multitask course_lib.transfer",
    "course_lib.experiments",
    "classroom.compat classroom.sandbox",
    "classroom.cleaning classroom.course classroom.markdown classroom.pages classroom.reasons",
    "classroom.catalogue",
    "classroom.checks classroom.kernels classroom.sheets",
    "classroom.submissions classroom.results",
    "classroom.collecting",
    "classroom.running classroom.lectures classroom.reports",
    "classroom.grading classroom.serve",
    "classroom.labs",
    "classroom.doctor",
    "classroom.cli",
)
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms.split()}


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {
    name_of(path): path
    for package in ("course_lib", "classroom")
    for path in sorted((ROOT / package).rglob("*.py"))
}


def room_of(module):
    return ".".join(module.split(".")[:2])


def imports(module):
    """The modules of the project that a module imports, wherever in its text."""
    found = set()
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports by a relative name"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return found & MODULES.keys() - {module}


@pytest.mark.parametrize("module", [name for name in MODULES if "." in name])
def test_a_module_imports_what_lies_lower(module):
    for other in imports(module):
        if "." in other and room_of(other) != room_of(module):
            assert FLOOR[room_of(other)] < FLOOR[room_of(module)], f"{module} imports {other}"


def test_no_import_goes_in_a_circle():
    TopologicalSorter({module: imports(module) for module in MODULES}).prepare()


def test_a_room_holds_ten_modules_at_most():
    folders = {path.parent for path in MODULES.values()}
    crowded = {
        str(folder.relative_to(ROOT)): len(held)
        for folder in folders
        if len(held := [path for path in folder.glob("*.py") if path.name != "__init__.py"]) > 10
    }
    assert crowded == {}


def test_a_function_has_sixty_lines_at_most():
    long = {}
    for module, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = node.end_lineno - node.body[0].lineno + 1
                if lines > 60:
                    long[f"{module}.{node.name}"] = lines
    assert long == {}
