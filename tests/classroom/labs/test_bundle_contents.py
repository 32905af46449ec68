import pytest

from classroom.labs.bundle import COMMANDS
from tests.test_layers import MODULES, imports

FOLDERS = {part.replace("/", ".") for part in COMMANDS if not part.endswith(".py")}
FILES = {part.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for part in COMMANDS}
# Which an instructor's commands import by `Course.gradebook`.
LEFT_OUT = {"classroom.compat.gradebook"}
HELD = {module for module in MODULES if module in FILES or module.rpartition(".")[0] in FOLDERS}


@pytest.mark.parametrize("module", sorted(HELD))
def test_what_the_commands_of_students_import_is_in_the_bundle(module):
    others = {other for other in imports(module) if other.startswith("classroom.")}
    assert others <= HELD | LEFT_OUT
