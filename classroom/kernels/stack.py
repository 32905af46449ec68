"""What kernels of the course import, so that a warm server can import it before them."""

import ast
import json
from pathlib import Path

from classroom.sandbox import TOPICS
from course_lib import datasets

ROOT = Path(__file__).parents[2]
# Whose imports a server is to know: those of labs alone, or of lectures too.
NOTEBOOKS = {
    "labs": ("labs/source/*/*.ipynb", "labs/release/*/*.ipynb"),
    "course": ("notebooks/*.ipynb", "labs/source/*/*.ipynb", "labs/release/*/*.ipynb"),
}
CHECKS = "labs/checks/*.py"
# Solutions that sealed kernels must not find in memory, and what runs an operation.
LEFT_OUT = {f"course_lib.{name}" for name in (*TOPICS, "quiet")}
# What is imported late without being named in a notebook: by the start of a kernel, the first
# training step, the first figure, the first error, the first check.
LATE = (
    "tensorflow",
    "matplotlib.pyplot",
    "numpy.testing",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.core.pylabtools",
    "IPython.extensions.storemagic",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PpmImagePlugin",
    "matplotlib.backends.backend_agg",
    "pygments.formatters.terminal256",
    "stack_data",
    "tornado.platform.asyncio",
    "tensorflow.python.data.ops.concatenate_op",
    "tensorflow.python.data.ops.flat_map_op",
    "tensorflow.python.data.ops.from_tensors_op",
    "tensorflow.python.data.ops.range_op",
    "tensorflow.python.data.ops.zip_op",
)
KERNEL_SIDE = "classroom.checks.kernel_side"


def find_imports(notebooks, root=ROOT):
    """Finds what notebooks of the course import, and what hidden checks do.

    Args:
        notebooks: `"labs"`, or `"course"` for lectures and labs, with the data sets of lectures.
        root: The course's folder.

    Returns:
        Sorted list of names. Some may name no module but what is in one.
    """
    sources = [path.read_text(encoding="utf-8") for path in root.glob(CHECKS)]
    for pattern in NOTEBOOKS[notebooks]:
        for path in root.glob(pattern):
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
            sources += ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    found = {KERNEL_SIDE}.union(*map(_imports, sources))
    if notebooks == "course":
        found |= {f"course_lib.datasets.{kind}.{name}" for name, kind in datasets.KINDS.items()}
    return sorted(name for name in found if not any(_is_in(name, other) for other in LEFT_OUT))


def _imports(source):
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:  # a magic command
        return set()
    found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def _is_in(name, package):
    return name == package or name.startswith(f"{package}.")
