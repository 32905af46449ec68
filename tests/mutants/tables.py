"""The tables of mutants: what is easily got wrong, and the test that finds it out."""

import ast
from dataclasses import dataclass
from pathlib import Path

try:
    import tomllib
except ImportError:  # Python 3.10, where pytest brings the same under another name
    import tomli as tomllib

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Mutant:
    """One trap, put into the library on purpose.

    Args:
        topic: Name of its table.
        trap: The mistake in words.
        file: The file it is made in, from the project's folder.
        original: Text that occurs in it once.
        mutant: What takes its place.
        killed_by: Id of a test that passes on the original and fails on the mutant.
    """

    topic: str
    trap: str
    file: str
    original: str
    mutant: str
    killed_by: str


def load(folder=ROOT / "tests" / "mutants", topics=()):
    """Reads the tables.

    Args:
        folder: Folder of the files `TOPIC.toml`.
        topics: Names of the topics; all if none is named.

    Returns:
        List of mutants.

    Raises:
        ValueError: for a topic without a table, or an entry that lacks something.
    """
    tables = {path.stem: path for path in sorted(Path(folder).glob("*.toml"))}
    if unknown := set(topics) - set(tables):
        raise ValueError(f"There are tables of {list(tables)}, but got {sorted(unknown)}.")
    mutants = []
    for topic in topics or tables:
        entries = tomllib.loads(tables[topic].read_text(encoding="utf-8"))["mutant"]
        for number, entry in enumerate(entries, 1):
            try:
                mutants.append(Mutant(topic, **entry))
            except TypeError as problem:
                message = f"Entry {number} of {tables[topic].name} is not whole: {problem}"
                raise ValueError(message) from None
    return mutants


def fault(mutant, root=ROOT):
    """What is wrong with an entry, as far as that shows without running it.

    Args:
        mutant: A `Mutant`.
        root: The project's folder.

    Returns:
        A sentence, or None.
    """
    path = root / mutant.file
    if not path.is_file():
        return f"there is no file {mutant.file}"
    text = path.read_text(encoding="utf-8")
    if (times := text.count(mutant.original)) != 1:
        return f"the original occurs {times} times in {mutant.file}, not once"
    if mutant.original == mutant.mutant:
        return "the mutant is the original"
    try:
        ast.parse(mutated(mutant, text))
    except SyntaxError as problem:
        return f"the mutant is no Python: {problem}"
    return _fault_of_test(mutant.killed_by, root)


def _fault_of_test(killer, root):
    file, *names = killer.split("[")[0].split("::")
    if not (root / file).is_file():
        return f"there is no file {file}"
    body = ast.parse((root / file).read_text(encoding="utf-8")).body
    for name in names:
        found = [node for node in body if getattr(node, "name", None) == name]
        if not found:
            return f"there is no {name} in {file}"
        body = found[0].body
    return None if names and names[-1].startswith("test") else f"{killer} names no test"


def mutated(mutant, text):
    """The text of the mutant's file with the trap in it."""
    return text.replace(mutant.original, mutant.mutant)
