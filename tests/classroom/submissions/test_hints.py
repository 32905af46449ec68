import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from classroom.course import Course
from classroom.labs import variants
from classroom.submissions.hints import (
    LONGEST_CELL,
    MOST_PARSED,
    WEIGHTS,
    Hint,
    find_hints,
    in_words,
    read_lectures,
)
from tests.classroom.conftest import cell

LABS = Course.find(__file__).lab_names()
SETUP = "import keras\nimport numpy as np\nimport tensorflow as tf\nfrom keras import ops"
TESTS = "import socket\nassert double(1) == 2\nnp.allclose = None"
LECTURE = '''
def fuse(first, second, rate=0.5):
    """Mixes two modalities."""
    mixed = rate * first
    for part in second:
        mixed = mixed + part
    return mixed / len(second)
'''
COPY = '''
def my_own(a, b, c=0.5):
    m = c * a
    for x in b:
        m = m + x
    """A remark."""
    return m / len(b)
'''


def find(source, lectures=None):
    """Finds hints in an answer, which stands between the lab's own cells."""
    cells = [
        cell(new_code_cell, SETUP, "setup", locked=True),
        cell(new_code_cell, source, "double", solution=True),
        cell(new_code_cell, TESTS, "double-tests", grade=True, locked=True, points=1),
    ]
    return find_hints(new_notebook(cells=cells), lectures)


def write_lecture(course, source):
    path = course.notebooks / "06_fusion.ipynb"
    nbformat.write(new_notebook(cells=[new_markdown_cell("a"), new_code_cell(source)]), path)


EACH = [
    ("import sys\nsys._getframe(1)", "reads frames of the code that runs: _getframe"),
    ("getattr(frame, 'f_back')", "reads frames of the code that runs: f_back"),
    ("import inspect as i\ni.stack()", "reads frames of the code that runs: inspect.stack"),
    ("from gc import get_objects", "searches the interpreter's memory: gc.get_objects"),
    ("import sys\nsys.settrace(print)", "traces what runs: sys.settrace"),
    ("import ctypes", "loads compiled code: ctypes"),
    ("np.all = print", "changes attributes of libraries or builtins: numpy.all"),
    ("setattr(np, 'all', print)", "changes attributes of libraries or builtins: numpy.all"),
    ("library = np\nlibrary.all = f", "changes attributes of libraries or builtins: numpy.all"),
    ("__builtins__.all = f", "changes attributes of libraries or builtins: builtins.all"),
    ("open('/proc/self/maps')", "names a path in /proc"),
    ("open(f'{root}/checks/tiny.py')", "names paths of the grading: /checks/tiny.py"),
    ("x = 'gradebook.db'", "names paths of the grading: gradebook.db"),
    ("import sys\nsys.modules['numpy']", "reaches into the import system: sys.modules"),
    ("__import__('math')", "reaches into the import system: __import__"),
    ("get_ipython().user_ns", "reaches into the kernel: get_ipython"),
    ("from IPython import get_ipython as g", "reaches into the kernel: get_ipython"),
    ("f.__code__ = g.__code__", "reaches into functions or base classes: __code__"),
    ("import urllib.request", "opens connections: urllib.request"),
    ("import os\nos.fork()", "starts, ends or signals processes: os.fork"),
    (
        "from course_lib import fusion",
        "imports parts of the course that labs do without: course_lib.fusion",
    ),
    ("exec(text)", "runs code from computed strings: exec"),
    (
        "class Yes(float):\n    def __eq__(self, other):\n        return True\n\n\n"
        "def double(x):\n    return Yes(x)",
        "makes objects with their own comparisons: Yes.__eq__",
    ),
    (
        "import threading\nthreading.Thread(target=f).start()",
        "starts what may outlive the cell: threading.Thread",
    ),
]


@pytest.mark.parametrize(("source", "words"), EACH)
def test_each_kind_is_found(source, words):
    assert Hint("double", words, WEIGHTS[words.partition(":")[0]]) in find(source)


INNOCENT = {
    "magics": "%matplotlib inline\n!nvidia-smi\nif x:\n    %cd ..\n!echo it's (\n",
    "a timed cell": "%%time\nx = f(1)",
    "a cell of a shell": "%%bash\nls ..",
    "imports": "import os, sys, gc, inspect, threading, importlib\n"
    "from course_lib import datasets, plots, metrics\nimport course_lib.quiet\n"
    "from scipy import signal",
    "own names": "class Counter(keras.Model):\n    def compile(self):\n        self.fit = 1\n\n\n"
    "def eval(model, ops):\n    ops.rate = 3\n    model.compile(loss='mse')\n\n\neval(1, 2)",
    "settings": "import pandas as pd\npd.options.display.max_rows = 9\nnp.random.seed = 3",
    "colab": "import sys\ncolab = 'google.colab' in sys.modules",
    "words": "print('All checks passed, submitted.')\nassert x, 'checks'\nx = {'checks': 1}",
    "a type in a class": "class A:\n    type B = int",
    "a docstring": 'def f():\n    """Like /proc/self, or labs/checks/."""  # gradebook.db',
    "regular expressions": "import re\nre.compile(pattern)",
    "code in quotes": "exec('x = 1')",
}


@pytest.mark.parametrize("source", INNOCENT.values(), ids=INNOCENT)
def test_innocent_code_gives_no_hint(source):
    assert find(source) == []


@pytest.mark.parametrize(
    "source",
    ["def f(:\n  sys._getframe()", "x = '\ud800'; import ctypes", "a\0b", "%%time\n(", "", "\n\n"],
)
def test_what_is_not_python_gives_no_hint(source):
    assert find(source) == []


@pytest.mark.parametrize(
    "source",
    [
        "%matplotlib inline\nimport ctypes",
        "%%time\n%%capture out\nimport ctypes",
        "try:\n    %load_ext x\nexcept E:\n    pass\nimport ctypes",
    ],
)
def test_code_among_magics_is_read(source):
    assert [hint.words for hint in find(source)] == ["loads compiled code: ctypes"]


def test_only_the_students_cells_are_read_and_their_names_are_known_everywhere():
    cells = [
        cell(new_code_cell, SETUP, "setup", locked=True),
        new_code_cell("from keras import layers as l", id="own-1"),
        cell(new_code_cell, "l.Dense.call = None", "double", solution=True),
        cell(new_code_cell, TESTS, "double-tests", grade=True, locked=True, points=1),
        new_code_cell("import socket", id="own-2"),
        cell(new_markdown_cell, "import ctypes", "why", grade=True, solution=True),
    ]
    assert [(hint.cell, hint.words) for hint in find_hints(new_notebook(cells=cells), {})] == [
        ("double", "changes attributes of libraries or builtins: keras.layers.Dense.call"),
        ("own-2", "opens connections: socket"),
    ]


def test_a_kind_is_named_once_for_a_cell_and_the_heaviest_stand_first():
    found = find(
        "import threading, sys\nthreading.Timer(1, f).start()\nexec(f)\nnp.all = np.any = f\n"
        "np.sum = np.min = f\nsys._getframe()"
    )
    assert [hint.weight for hint in found] == [3, 3, 2, 1]
    assert found[0].words.endswith("numpy.all, numpy.any, numpy.sum and 1 more")


def test_words_are_clean_short_and_bounded():
    many = [Hint(f"own-{number}", "a\x1b[31m\n\u202eb" + "x" * 500, 3) for number in range(30)]
    lines = in_words(many)
    assert len(lines) == 20
    assert lines[0].startswith("cell own-0: a \ufffdbx")
    assert max(map(len, lines)) <= 300


@pytest.mark.parametrize(
    "source",
    [
        "(" * 100_000,
        "-" * 100_000 + "1",
        "a" + ".b" * 90_000,
        "a" + "()" * 90_000,
        "f = " + "lambda: " * 20_000 + "1",
        "x = '" + "a" * 190_000 + "'",
        "x = [" + "checks/, " * 20_000 + "]",
        "!a\n" * 60_000,
        "%%time\n" * 28_000,
        "? " * 90_000 + "x",
        " " * 90_000 + "x?" + " " * 90_000 + "!",
        "if a:\n 1\n" + "elif a:\n 1\n" * 15_000,
    ],
)
def test_hostile_sources_are_survived(source):
    start = time.process_time()
    assert all(hint.weight == 1 for hint in find(source))
    assert time.process_time() - start < 20


@pytest.mark.parametrize("lines_inside", [4, 30])
def test_nested_definitions_take_time_in_proportion_to_their_length(lines_inside):
    """With each definition walked anew, 18 kB took two seconds."""
    lines = [f"{' ' * depth}class A{depth}:" for depth in range(90)]
    nested = "\n".join([*lines, *[" " * 90 + "x = [" + "1," * 200 + "]"] * lines_inside, ""])
    cells = [new_code_cell(nested, id=f"own-{n}") for n in range(MOST_PARSED // len(nested))]
    start = time.process_time()
    assert find_hints(new_notebook(cells=cells), {"a": "b"}) == []
    assert time.process_time() - start < 5


def test_what_is_too_long_is_not_read():
    (hint,) = find("import ctypes\n" + "#" * LONGEST_CELL)
    assert (hint.cell, hint.weight) == ("double", 1)
    assert hint.words == "could not be read: 200,014 characters"
    part = "#" * (MOST_PARSED // 3)
    cells = [new_code_cell(f"{part}\nimport ctypes", id=f"own-{n}") for n in range(4)]
    found = [hint.weight for hint in find_hints(new_notebook(cells=cells), {})]
    assert found == [3, 3, 1, 1]


def test_copies_of_a_lecture_are_found(lab):
    assert read_lectures(lab) == {}
    write_lecture(lab, f"%matplotlib inline\n{LECTURE}")
    lectures = read_lectures(lab)
    words = "repeats the code of a lecture: fuse of 06_fusion"
    assert find(COPY, lectures) == [Hint("double", words, 1)]
    assert find(COPY.replace("m + x", "x + m"), lectures) == []
    assert find("def f(a):\n    b = a\n    return b", lectures) == []


def test_short_code_of_a_lecture_is_nobodys(lab):
    short = "def f(a):\n    b = 2 * a\n    c = b + a\n    return c"
    write_lecture(lab, short)
    assert find(short, read_lectures(lab)) == []


def test_classes_of_a_lecture_are_found(lab):
    layer = (
        "class Mix(keras.layers.Layer):\n    def call(self, x):\n        y = {}\n"
        "        if self.rate:\n            y = 0 * y\n        return y\n"
    )
    write_lecture(lab, layer.format("x + 1"))
    lectures = read_lectures(lab)
    (hint,) = find(layer.format("x + 1").replace("Mix", "Mine"), lectures)
    assert hint.words.endswith("Mix of 06_fusion, call of 06_fusion")
    assert find(layer.format("x - 1"), lectures) == []


def test_a_lecture_that_is_no_notebook_is_passed_over(lab):
    write_lecture(lab, LECTURE)
    lectures = read_lectures(lab)
    (lab.notebooks / "07_broken.ipynb").write_text("no notebook")
    assert read_lectures(lab) == lectures != {}


@pytest.mark.parametrize("name", LABS)
def test_honest_variants_give_no_hint(course, name):
    source = nbformat.read(course.source(name), as_version=4)
    lectures = read_lectures(course)
    assert lectures
    assert find_hints(source, lectures) == []
    for variant in variants.read_all(course, name):
        if not variant.hostile:
            found = find_hints(variants.answer(source, variant.answers), lectures)
            assert found == [], variant.name
