"""What the grader runs inside a student's kernel.

Test cells run in two ways. A visible test sends back what each of its assertions found, and a
hidden check what *run* returned; the verdict is the grader's. A student's code shares this process:
what it replaced is put back before every test, and what it did to look at the grader or to reach
out is told.
"""

import functools
import gc
import importlib
import importlib.util
import sys
import threading
from itertools import chain
from operator import is_, itemgetter, ne
from types import FunctionType, ModuleType, SimpleNamespace

from IPython import get_ipython

from course_lib.classroom import wire

WATCHED = ("builtins", "numpy", "keras", "course_lib", "math")
# Of TensorFlow what labs call by name; all of it would be too much to look at before every test.
WATCHED_ALONE = {"tensorflow", "tensorflow.python.eager.backprop"}
PRELOADED = ("numpy.testing", "keras", "course_lib.classroom.checks")
# Jupyter itself replaces these.
CHANGING = {"input", "exit", "quit", "display", "get_ipython"}
ANSWERS = {
    "__eq__",
    "__ne__",
    "__lt__",
    "__le__",
    "__gt__",
    "__ge__",
    "__bool__",
    "__array__",
    "__array_function__",
    "__array_ufunc__",
}
MADE_BY_CLASS_STATEMENT = 1 << 9

# Audit events of code that looks at its callers …
PRYING = {
    "sys._getframe": "reads the frames of its callers",
    "sys._current_frames": "reads the frames of all threads",
    "gc.get_objects": "searches the memory of the process",
    "gc.get_referrers": "searches the memory of the process",
    "gc.get_referents": "searches the memory of the process",
    "sys.settrace": "traces what runs after it",
    "sys.setprofile": "traces what runs after it",
}
# … and of code that reaches out of its process.
REACHING = {
    "ctypes.dlopen": "loads compiled code",
    "socket.connect": "opens a connection",
    "socket.sendto": "sends data",
    "socket.bind": "opens a socket",
    "socket.getaddrinfo": "looks up an address",
    "sqlite3.connect": "opens a database",
    "os.exec": "starts another program",
    "os.fork": "starts a process",
    "os.forkpty": "starts a process",
    "os.kill": "sends a signal",
    "os.killpg": "sends a signal",
    "os.posix_spawn": "starts another program",
    "os.system": "starts another program",
    "subprocess.Popen": "starts another program",
}
# Python tells this when the code of a function is set.
REWRITING = "object.__setattr__"
HEARD = {*PRYING, *REACHING, REWRITING, "open"}
PLACES = {
    "/proc": "reads /proc",
    "gradebook": "looks for the gradebook",
    "checks": "looks for checks",
}


class Libraries:
    """How the libraries are before a student's code runs."""

    def __init__(self):
        for name in PRELOADED:
            importlib.import_module(name)
        self.modules, self.attributes, self.functions = {}, [], {}
        self._looks, self._seen = [], []
        self.classes, self._names, self._counts = [], [], []
        for name, module in list(sys.modules.items()):
            watched = name.split(".")[0] in WATCHED or name in WATCHED_ALONE
            if watched and isinstance(module, ModuleType):
                self.modules[name] = module
                self._remember(module, name)
                for thing in list(vars(module).values()):
                    if isinstance(thing, type) and thing.__module__ == name:
                        self._remember(thing, f"{name}.{thing.__name__}")
                        self.classes.append((thing, f"{name}.{thing.__name__}", set(vars(thing))))
                        self._names.append(vars(thing))
                        self._counts.append(len(vars(thing)))

    def _remember(self, owner, name):
        kept = {
            key: value
            for key, value in vars(owner).items()
            if key not in CHANGING and _does_something(value)
        }
        self.attributes.append((owner, name, kept))
        # With fewer than two keys it would return no tuple; all modules and classes have `__doc__`.
        look = itemgetter("__doc__", "__doc__", *kept)
        self._looks.append((look, vars(owner)))
        self._seen.extend(look(vars(owner)))
        for key, value in kept.items():
            # What numpy dispatches is a function behind another object.
            function = getattr(value, "__wrapped__", value)
            if type(function) is FunctionType:
                self.functions[id(function)] = (
                    function,
                    f"{name}.{key}",
                    function.__code__,
                    function.__defaults__,
                )

    def restore(self):
        """Puts back what was replaced; returns what it was, in words."""
        changed = []
        for name, module in self.modules.items():
            if sys.modules.get(name) is not module:
                sys.modules[name] = module
                changed.append(f"replaces {name}")
        if not self._are_untouched():
            changed += self._put_back()
        if self._are_covered():
            changed += self._uncover()
        return changed

    # What these use could be replaced too, so they are given it beforehand.

    def _put_back(self, vars=vars, setattr=setattr):
        changed = []
        for owner, name, kept in self.attributes:
            now = vars(owner)
            for key, value in kept.items():
                if now.get(key) is not value:
                    setattr(owner, key, value)
                    changed.append(f"replaces {name}.{key}")
        return changed

    def _uncover(self, vars=vars, any=any, delattr=delattr):
        """Removes what was put into a class in front of what it inherits."""
        changed = []
        for owner, name, names in self.classes:
            for key in vars(owner).keys() - names:
                inherited = any(key in vars(base) for base in owner.__mro__[1:])
                if inherited and _does_something(vars(owner)[key]):
                    delattr(owner, key)
                    changed.append(f"replaces {name}.{key}")
        return changed

    def _are_untouched(self, all=all, map=map):
        """Looks at twenty thousand attributes in little time."""
        try:
            now = chain.from_iterable(look(names) for look, names in self._looks)
            return all(map(is_, now, self._seen))
        except KeyError:
            return False

    def _are_covered(self, any=any, map=map, len=len):
        """Looks whether a class has got more names than it had."""
        return any(map(ne, map(len, self._names), self._counts))


def _does_something(value, callable=callable, isinstance=isinstance):
    return callable(value) or isinstance(value, property | staticmethod | classmethod)


class Shell:
    """How IPython's shell is before a student's code runs."""

    def __init__(self):
        self.shell = get_ipython()
        self.names = set(vars(self.shell))
        self.transformers = [list(transformers) for transformers in self._transformers()]
        self.collections = list(gc.callbacks)

    def _transformers(self):
        manager = self.shell.input_transformer_manager
        return [
            self.shell.ast_transformers,
            self.shell.input_transformers_post,
            manager.cleanup_transforms,
            manager.line_transforms,
            manager.token_transformers,
        ]

    def restore(self):
        """Puts back what was replaced; returns what it was, in words."""
        changed = []
        for key in vars(self.shell).keys() - self.names:
            if callable(getattr(type(self.shell), key, None)):
                delattr(self.shell, key)
                changed.append(f"replaces the shell's {key}")
        for transformers, kept in zip(self._transformers(), self.transformers):
            if transformers != kept:
                transformers[:] = kept
                changed.append("transforms the source of the cells that follow")
        for event, calls in self.shell.events.callbacks.items():
            foreign = [call for call in calls if _is_students(call)]
            if foreign:
                calls[:] = [call for call in calls if call not in foreign]
                changed.append(f"hooks into {event}")
        if sys.gettrace() or sys.getprofile():
            sys.settrace(None)
            sys.setprofile(None)
            changed.append("traces what runs after it")
        if gc.callbacks != self.collections:
            gc.callbacks[:] = self.collections
            changed.append("hooks into the garbage collection")
        if any(_is_students(getattr(thread, "_target", None)) for thread in threading.enumerate()):
            changed.append("runs a thread in the background")
        return changed


class Guard:
    """Runs tests beside a student's code, and tells how it interferes.

    Args:
        libraries: `Libraries`, made before the student's code ran.
    """

    def __init__(self, libraries):
        self.libraries, self.shell = libraries, Shell()
        self.heard, self.rewritten, self.deaf = [], {}, False
        sys.addaudithook(self._hear)

    def run_test(self, source, record, namespace):
        """Runs a visible test that the grader has rewritten.

        Args:
            source: Its source; assertions store what they find under their number.
            record: Name under which the source finds the dictionary to store it in.
            namespace: The notebook's `globals()`. What the test defines is added at its end, so
                that a student's functions cannot see it while they are tested.

        Returns:
            A wire's text: what each assertion found, the error if there was one, the value of the
            last expression, and how the code interferes.
        """
        before, heard = self._restore(), len(self.heard)
        found, foreign = {}, []

        def look(value):
            foreign.extend(
                f"answers comparisons of a test by its own class {name}"
                for name in _foreign_classes(value)
            )
            return value

        found["look"] = look
        inner = {**namespace, record: found}
        error = _run(compile(source, "test", "exec"), inner)
        during = [*self._restore(), *foreign, *self.heard[heard:]]
        del inner[record], found["look"]
        namespace.update(inner)
        value = found.pop("value", None)
        return self._reply(
            before,
            during,
            found={str(number): met is True for number, met in found.items()},
            value=float(value) if type(value) in (int, float) else None,
            error=error,
        )

    def run_check(self, source, given, namespace):
        """Runs the part of a hidden check that touches the student's code.

        Args:
            source: Source of the function `run`.
            given: Its inputs, as a wire's text.
            namespace: The notebook's `globals()`.

        Returns:
            A wire's text: what was returned, or the error, and how the code interferes.
        """
        before, heard = self._restore(), len(self.heard)
        inner = {"student": SimpleNamespace(**namespace), "inputs": wire.decode(given)}
        error = _run(
            compile(f"{source}\nreturned = run(student, **inputs)", "check", "exec"), inner
        )
        during = [*self._restore(), *self.heard[heard:]]
        try:
            return self._reply(before, during, returned=inner.get("returned"), error=error)
        except TypeError as refused:
            return self._reply(before, during, error=["TypeError", str(refused)])

    def _restore(self):
        changed = self.libraries.restore() + self.shell.restore()
        self.deaf = True
        for function, name, code, defaults in self.rewritten.values():
            function.__code__, function.__defaults__ = code, defaults
            changed.append(f"rewrites {name}")
        self.rewritten.clear()
        self.deaf = False
        return changed

    def _reply(self, before, during, **found):
        suspicions = list(dict.fromkeys([*before, *during, *self.heard]))
        return wire.encode({**found, "tampering": during, "suspicions": suspicions})

    def _hear(self, event, arguments):
        """Audit hook; deaf to what it raises itself."""
        if event not in HEARD or self.deaf:
            return
        self.deaf = True
        try:
            caller, words = sys._getframe(1), None
            if event == REWRITING:
                number = id(arguments[0])
                if number in self.libraries.functions:
                    self.rewritten[number] = self.libraries.functions[number]
            elif event == "open":
                place = next((p for p in PLACES if p in str(arguments[0])), None)
                if place and _is_cell_near(caller, 10):
                    words = PLACES[place]
            elif event in REACHING:
                if _is_cell_near(caller, 30):
                    words = REACHING[event]
            elif _is_cell_near(caller, 3 if caller.f_globals.get("__name__") == "inspect" else 1):
                words = PRYING[event]
            if words and words not in self.heard:
                self.heard.append(words)
        finally:
            self.deaf = False


def cut_streams(characters):
    """Cuts every message of what the kernel prints at its source.

    It spares the grader a flood; the bound itself is the grader's to keep.

    Args:
        characters: Number of characters that a message may have.
    """

    def cut(message):
        message["content"]["text"] = message["content"]["text"][:characters]
        return message

    for stream in (sys.stdout, sys.stderr):
        # Hooks belong to the thread that publishes.
        stream.pub_thread.schedule(functools.partial(stream.register_hook, cut))


_libraries = []


def remember():
    """Remembers how the libraries are. For a process from which kernels are forked."""
    if not _libraries:
        _libraries.append(Libraries())


def guard(name):
    """Makes the kernel's `Guard`, once.

    It is made from a copy of this module, which a student's code does not find by its name; nor
    does it find what was remembered.

    Args:
        name: Name of the copy in `sys.modules`, known to the grader alone.
    """
    remember()
    copy = importlib.util.module_from_spec(importlib.util.spec_from_file_location(name, __file__))
    copy.__spec__.loader.exec_module(copy)
    libraries = _libraries.pop()
    libraries.__class__ = copy.Libraries
    sys.modules[name] = copy.Guard(libraries)


def _is_students(call):
    code = getattr(getattr(call, "__func__", call), "__code__", None)
    return code is not None and _is_cell(code.co_filename)


def _is_cell(filename):
    """Whether a file name is that of a notebook's cell, or of code made from a string."""
    return "ipykernel_" in filename or (
        filename.startswith("<") and not filename.startswith(("<frozen", "<__array_function__"))
    )


def _is_cell_near(frame, steps):
    while frame is not None and steps:
        if _is_cell(frame.f_code.co_filename):
            return True
        frame, steps = frame.f_back, steps - 1
    return False


def _foreign_classes(value):
    """Names of the notebook's own classes that would answer for a value when it is compared."""
    if isinstance(value, list | tuple | set | frozenset):
        return [name for item in value for name in _foreign_classes(item)]
    if isinstance(value, dict):
        return _foreign_classes(list(value.values()))
    return [
        kind.__name__
        for kind in type(value).__mro__
        if ANSWERS & vars(kind).keys()
        and kind.__flags__ & MADE_BY_CLASS_STATEMENT
        and (
            kind.__module__ == "__main__"
            or getattr(sys.modules.get(kind.__module__), kind.__qualname__, None) is not kind
        )
    ]


def _run(code, namespace):
    """Runs code; returns the name and the message of the error that it raised, or None."""
    try:
        exec(code, namespace)
    except BaseException as error:
        try:
            return [type(error).__name__, str(error)]
        except Exception:
            return [type(error).__name__, ""]
    return None
