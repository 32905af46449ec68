"""The list of mutants for people, `docs/mutants.md`."""

from itertools import groupby

from tests.mutants import tables

LIST = tables.ROOT / "docs" / "mutants.md"
HEAD = """# What is easily got wrong, and what finds it out

`make mutants` puts each of these mistakes into a copy of the library, sees its test fail, and then
writes this list from the tables in `tests/mutants`.
"""


def text_of(mutants):
    """The list of mutants as Markdown."""
    parts = [HEAD]
    for topic, group in groupby(mutants, lambda mutant: mutant.topic):
        rows = [
            " | ".join(("", _cell(m.trap), f"`{m.file}`", f"`{m.killed_by.split('::', 1)[1]}`", ""))
            for m in group
        ]
        head = "| trap | file | found out by |\n|---|---|---|"
        parts.append("\n".join([f"## {topic}\n", head, *(row.strip() for row in rows)]) + "\n")
    return "\n".join(parts)


def _cell(text):
    return " ".join(text.split()).replace("|", "\\|")


def write(mutants):
    """Writes the list."""
    LIST.write_text(text_of(mutants), encoding="utf-8")
