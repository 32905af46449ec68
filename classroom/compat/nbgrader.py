"""nbgrader, imported without its extensions of Jupyter's server.

The package imports all four at once, and with them the server, the exchange and nbconvert, for most
of a second. Where nbgrader has been imported before, as in the server itself, nothing changes.
"""

import sys
from types import ModuleType

import classroom.compat.nbformat  # noqa: F401

EXTENSIONS = ("assignment_list", "course_list", "formgrader", "validate_assignment")
if "nbgrader" not in sys.modules:
    names = [f"nbgrader.server_extensions.{extension}" for extension in EXTENSIONS]
    for name in names:
        sys.modules[name] = ModuleType(name)
        sys.modules[name].load_jupyter_server_extension = None
    import nbgrader  # noqa: F401

    for name in names:
        del sys.modules[name]
