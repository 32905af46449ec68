"""Hints at attempts to influence the grading, found by reading a submission's code.

The code is parsed in the grader's process and never run. A hint proves nothing: it says which
cells a person should look at, and takes no points. Code that means to avoid all hints can.
"""

import ast
import json
import logging
import re
import warnings
from itertools import islice
from typing import NamedTuple

from nbgrader.utils import is_grade, is_locked

from classroom.cleaning import clean_line, clean_text

log = logging.getLogger(__name__)

# Hints that are reported, and names in each; characters of a name, and of a hint.
MOST, NAMED = 20, 3
LONGEST_NAME, LONGEST_WORDS = 80, 300
# Characters of a cell, and of all that is parsed for a notebook; parts of a dotted name.
LONGEST_CELL, MOST_PARSED, PARTS = 200_000, 300_000, 12
# Statements of a copy, more than this, and nodes of its syntax tree at most; how many definitions
# within each other are compared.
STATEMENTS, NODES, NESTED = 4, 5000, 4


class Hint(NamedTuple):
    """A reason to look at a cell.

    Attributes:
        cell: Name of the cell.
        words: What was found there, in words.
        weight: From 1, often innocent, to 3.
    """

    cell: str
    words: str
    weight: int


# Kinds of hints, each with a weight and words: full names of modules, their parts and builtins,
# and, behind a dot, attributes of whatever they belong to.
TABLE = """
3 reads frames of the code that runs: inspect.stack inspect.currentframe inspect.trace ._getframe
    ._current_frames .f_back .f_globals .f_locals .f_builtins .tb_frame .__traceback__
3 searches the interpreter's memory: gc.get_objects gc.get_referrers gc.get_referents
3 traces what runs: sys.settrace sys.setprofile sys.addaudithook sys.monitoring .f_trace
3 loads compiled code: ctypes _ctypes cffi
3 changes attributes of libraries or builtins: unittest.mock
2 reaches into the import system: sys.modules sys.meta_path importlib.import_module __import__
2 reaches into the kernel: ipykernel .get_ipython
2 reaches into functions or base classes: .__globals__ .__closure__ .__code__ .__mro__ .__bases__
2 opens connections: socket socketserver zmq requests httpx urllib.request http.client
2 starts, ends or signals processes: subprocess multiprocessing pty signal os.system os.popen
    os.fork os.kill os.killpg os.abort os._exit os.posix_spawn os.spawnl os.spawnv os.spawnve
    os.execl os.execle os.execlp os.execv os.execve os.execvp os.execvpe
2 runs code from computed strings: exec eval compile marshal types.CodeType types.FunctionType
1 starts what may outlive the cell: threading.Thread threading.Timer atexit.register
"""
ROWS = [row.partition(":") for row in TABLE.strip().replace("\n    ", " ").splitlines()]
NAMES = {name: row[2:] for row, _, names in ROWS for name in names.split()}
# Kinds that are found by more than names.
REPLACES = "changes attributes of libraries or builtins"
PROC = "names a path in /proc"
PATHS = "names paths of the grading"
COURSE = "imports parts of the course that labs do without"
COMPARES = "makes objects with their own comparisons"
COPIES = "repeats the code of a lecture"
UNREAD = "could not be read"
WEIGHTS = {row[2:]: int(row[0]) for row, _, _ in ROWS}
WEIGHTS |= {PROC: 3, PATHS: 3, COURSE: 2, COMPARES: 1, COPIES: 1, UNREAD: 1}

# What names stand for before anything is imported.
BUILTINS = {name: name for name in ("exec", "eval", "compile", "__import__", "get_ipython")}
RUN, ATTR = {"exec", "eval", "compile"}, {"getattr", "setattr", "delattr"}
# Modules of the course that solve no task.
INNOCENT = {"claims", "datasets", "messages", "metrics", "plots", "predictions", "quiet"}
INNOCENT |= {"records", "turn", "*"}

# Parts of libraries that honest notebooks set, be it by mistake.
_SETTINGS = re.compile(
    r"(?:pandas\.options|matplotlib|PIL|ssl|warnings|logging|tqdm|sys\.(?:stdout|stderr|path|argv)"
    r"|(?:numpy\.)?random\.seed|IPython\..+\.ast_node_interactivity)\b"
)
_COMPARISON = re.compile(r"__(?:eq|ne|lt|le|gt|ge|bool|array\w*|instancecheck)__")
_PROC = re.compile(r"(?<![\w.-])/proc(?![\w-])")
_OURS = r"(?:checks|submitted|gradebook|autograded)"
_PATH = re.compile(rf"[/\\]{_OURS}(?:[/\\.]|$)|^{_OURS}(?:[/\\]|\.(?:db|sqlite)$)|COURSE_CHECKS")
_PYTHON = re.compile(r"%%(?:time|timeit|capture)\b")
_MAGIC = re.compile(r"^([ \t]*)[!%].*", re.MULTILINE)


def find_hints(notebook, lectures):
    """Finds hints in the student's cells of a submission, solution cells and own ones.

    Args:
        notebook: The sanitized notebook, as `nbformat` reads it. Its metadata are trusted.
        lectures: What `read_lectures` returned.

    Returns:
        List of `Hint`s, the heaviest first; of each kind at most one for a cell.
    """
    aliases, left, hints = BUILTINS | {"__builtins__": "builtins"}, MOST_PARSED, []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or (is_locked(cell) and is_grade(cell)):
            continue
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id") or number + 1
        reading, size = _Reading(aliases), len(cell.source)
        if size > min(LONGEST_CELL, left):
            reading.note(UNREAD, f"{size:,} characters")
        else:
            left -= size
            reading.read(cell.source, lectures or {})
        for kind, found in () if is_locked(cell) else reading.found.items():
            listed = ", ".join(filter(None, islice(found, NAMED)))
            more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
            words = f"{kind}: {listed}{more}" if listed else kind
            hints.append(Hint(str(name), words, WEIGHTS[kind]))
    return sorted(hints, key=lambda hint: -hint.weight)


def in_words(hints):
    """Makes of hints what an `Outcome` keeps: the heaviest, a line each.

    Args:
        hints: List of `Hint`s.

    Returns:
        List of at most `MOST` strings `"cell NAME: words"`.
    """
    return [clean_line(f"cell {hint.cell}: {hint.words}", LONGEST_WORDS) for hint in hints[:MOST]]


def read_lectures(course):
    """Reads the functions and classes of the lectures, with which answers are compared.

    Args:
        course: A `Course`.

    Returns:
        Dictionary for `find_hints`: from normalized syntax trees to where they stand.
    """
    found = {}
    for path in sorted(course.notebooks.glob("*.ipynb")):
        try:
            for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
                source = "".join(cell["source"]) if cell["cell_type"] == "code" else ""
                for code, name in _definitions(_parse(source)).items():
                    found.setdefault(code, f"{name} of {path.stem}")
        except (ValueError, LookupError, TypeError, SyntaxError, RecursionError, MemoryError):
            log.warning("%s could not be read; answers are not compared with all of it", path)
    return found


class _Reading:
    """Reads one cell, and adds what it imports to `aliases`, which are what names stand for."""

    def __init__(self, aliases):
        self.aliases, self.own, self.stored, self.found = aliases, {}, set(), {}

    def note(self, kind, name=""):
        """Notes a kind, with the name of what was found."""
        self.found.setdefault(kind, {})[clean_text(name, LONGEST_NAME)] = None

    def read(self, source, lectures):
        """Reads the cell's source; what is not Python holds no hint."""
        try:
            tree = _parse(source)
            nodes = list(ast.walk(tree))
            self._learn(nodes)
            self._read_nodes(nodes)
            for code in filter(lectures.get, _definitions(tree) if lectures else ()):
                self.note(COPIES, lectures[code])
        except (RecursionError, MemoryError):
            self.note(UNREAD, "nested too deeply")
        except (SyntaxError, ValueError):
            log.debug("A cell is not Python", exc_info=True)
        except Exception:
            # A hint that is missed costs nobody anything; a submission that is not graded does.
            log.exception("A cell could not be searched for hints")

    def _learn(self, nodes):
        """Learns what the names of a cell stand for."""
        for node in nodes:
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                    self.stored.add(name)
                case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                    self.stored.add(name)
                case ast.Import(names=names) | ast.ImportFrom(names=names, level=0):
                    start = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                    for one in names:
                        self._look_up(start + one.name)
                        name = one.name if start or one.asname else one.name.partition(".")[0]
                        self.own[one.asname or name] = (start + name)[:LONGEST_NAME]
        self.aliases.update(self.own)
        for node in nodes:
            if isinstance(node, ast.Assign) and (full := self._resolve(node.value)):
                self.own |= {one.id: full for one in node.targets if isinstance(one, ast.Name)}

    def _resolve(self, node):
        """Returns the full name that an expression stands for, `numpy.linalg.norm`, or ""."""
        parts = []
        while isinstance(node, ast.Attribute) and len(parts) < PARTS:
            parts.append(node.attr)
            node = node.value
        name = getattr(node, "id", None)
        full = self.own.get(name) or (name not in self.stored and self.aliases.get(name))
        return ".".join([full, *reversed(parts)])[:LONGEST_NAME] if full else ""

    def _look_up(self, name):
        """Looks up the full name of a module or of a part of it."""
        parts = name.removeprefix("builtins.").split(".")[:PARTS]
        for end, part in enumerate(parts, 1):
            for known in (".".join(parts[:end]), f".{part}"):
                if kind := NAMES.get(known):
                    self.note(kind, known.lstrip("."))
        if parts[0] == "course_lib" and len(parts) > 1 and parts[1] not in INNOCENT:
            self.note(COURSE, f"course_lib.{parts[1]}")

    def _look_up_attribute(self, node, written):
        name = self._resolve(node)
        self._look_up(name or f"?.{node.attr}")
        if written and name and not _SETTINGS.match(name):
            self.note(REPLACES, name)

    def _read_nodes(self, nodes):
        """Reads the nodes of a syntax tree, each before those under it."""
        skipped = set()
        for node in (one for one in nodes if id(one) not in skipped):
            match node:
                case ast.Name(ctx=ast.Load()):
                    self._look_up(self._resolve(node))
                case ast.Attribute(ctx=ctx):
                    self._look_up_attribute(node, not isinstance(ctx, ast.Load))
                case ast.Call(ast.Name(called), [of, ast.Constant(str(name)), *_]) if (
                    called in ATTR
                ):
                    self._look_up_attribute(ast.Attribute(of, name), called != "getattr")
                case ast.Call(function, [ast.Constant(), *_]) if self._resolve(function) in RUN:
                    skipped.add(id(function))
                case ast.Compare(comparators=[place]) if self._resolve(place) == "sys.modules":
                    skipped.add(id(place))  # Honest: `"google.colab" in sys.modules`.
                case ast.Expr(value=ast.Constant() as text):
                    skipped.add(id(text))
                case ast.ClassDef(name=name, body=body):
                    methods = [one.name for one in body if isinstance(one, ast.FunctionDef)]
                    for method in filter(_COMPARISON.fullmatch, methods):
                        self.note(COMPARES, f"{name}.{method}")
                case ast.Constant(value=str(text)):
                    if _PROC.search(text):
                        self.note(PROC)
                    for word in filter(_PATH.search, text.split()):
                        if "://" not in word:
                            self.note(PATHS, word)


def _parse(source):
    """Parses a cell without its magics; a cell of another language is empty."""
    text = source.lstrip()
    if text.startswith("%%"):
        source = text.partition("\n")[2] if _PYTHON.match(text) else ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except SyntaxError:
            return ast.parse(_MAGIC.sub(r"\1pass", source))


def _definitions(tree):
    """Returns the names of a cell's functions, classes and methods by their normalized code."""
    every, found = list(ast.walk(tree)), {}
    left = NESTED * len(every)
    for node in every:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name[:2] != "__" and left > 0:
            nodes = list(islice(ast.walk(node), NODES + 1))
            left -= len(nodes)
            found[_normalize(node, nodes)] = node.name
    found.pop("", None)
    return found


def _normalize(definition, nodes):
    """Writes a definition without its locals' names and its texts; "" if it is short or long."""
    remarks = [one for one in nodes if isinstance(getattr(one, "value", 0), ast.Constant)]
    texts = {id(part) for one in remarks if isinstance(one, ast.Expr) for part in (one, one.value)}
    nodes = [node for node in nodes if id(node) not in texts]
    if len(nodes) > NODES or sum(isinstance(node, ast.stmt) for node in nodes) <= STATEMENTS:
        return ""
    local, lines = {definition.name: 0}, []
    for node in nodes:
        if isinstance(node, ast.arg) or isinstance(getattr(node, "ctx", None), ast.Store):
            local.setdefault(getattr(node, "arg", getattr(node, "id", "")), len(local))
    for node in nodes:
        values = [one for _, one in ast.iter_fields(node) if not isinstance(one, (ast.AST, list))]
        if isinstance(node, (ast.Name, ast.arg, ast.FunctionDef, ast.ClassDef)):
            values = [local.get(one, one) for one in values]
        lines.append(f"{type(node).__name__} {values}")
    return "\n".join(lines)
