"""From the bytes that a student handed in to cells whose every attribute has the right type."""

import functools
import json
import stat
from dataclasses import dataclass

from nbformat.v4 import new_code_cell, new_markdown_cell, new_raw_cell

from classroom.cleaning import clean_pictures

# Bytes of a file, cells in it.
LARGEST_FILE = 50_000_000
MOST_CELLS = 2_000
# Commas and brackets, which bound the memory that a file takes as Python objects.
MOST_VALUES = 5_000_000
MOST_TEXT = 5_000_000

NEW_CELL = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}
# Tags by which a notebook tells whoever runs it to overlook an error or to leave a cell out.
CONTROL_TAGS = {"raises-exception", "skip-execution"}


class SubmissionError(ValueError):
    """Nothing can be graded. The message says why, for the student and for the instructor."""


@dataclass(eq=False)
class Cell:
    """A cell as it was handed in. Every attribute has the type that it should have.

    Attributes:
        number: Its place in the file.
        kind: `"code"`, `"markdown"` or `"raw"`.
        about: What its metadata say to nbgrader.
        controls: Whether its tags say how to run it.
        whole: Whether nothing about it was damaged.
    """

    number: int
    kind: str
    source: str
    id: str
    about: dict
    controls: bool
    attachments: dict
    whole: bool

    @property
    def lines(self):
        return as_lines(self.source)


def read_cells(path, notes):
    """Reads a notebook's cells, whatever the file holds.

    Args:
        path: The file. A link is not followed.
        notes: List to which is added what was odd about the file, in words.

    Returns:
        List of `Cell`s, and the programming language that the file names, or "".

    Raises:
        SubmissionError: if it is no notebook, or too large.
    """
    try:
        content = _parse(path, notes)
        cells = [_read_cell(number, cell) for number, cell in enumerate(_list_cells(content, path))]
    except RecursionError:
        raise SubmissionError(
            f"{path.name!r} is no notebook: its lists are nested too deeply. Hand in the notebook "
            "as Jupyter saves it."
        ) from None
    if sum(len(cell.source) for cell in cells) > MOST_TEXT:
        raise SubmissionError(
            f"The cells of {path.name!r} hold more than {MOST_TEXT} characters. Keep data in files "
            "of their own and hand it in again."
        )
    metadata = _as(dict, content.get("metadata"))
    language = _as(dict, metadata.get("kernelspec")).get("language") or _as(
        dict, metadata.get("language_info")
    ).get("name")
    return cells, _as(str, language)


@functools.lru_cache(maxsize=256)
def as_lines(source):
    """Lines without the space at their ends and without blank ones."""
    return [line.rstrip() for line in source.splitlines() if line.strip()]


def _parse(path, notes):
    """Returns the dictionary that a file holds. Follows no link and waits for no pipe."""
    name = repr(path.name)
    try:
        about = path.lstat()
        if not stat.S_ISREG(about.st_mode):
            kind = {stat.S_IFLNK: "a link", stat.S_IFDIR: "a folder"}
            raise SubmissionError(
                f"{name} is {kind.get(stat.S_IFMT(about.st_mode), 'no ordinary file')} and was not "
                "opened. Hand in the notebook itself."
            )
        if about.st_size > LARGEST_FILE:
            raise SubmissionError(
                f"{name} has {about.st_size / 1e6:.0f} MB, allowed are "
                f"{LARGEST_FILE / 1e6:.0f} MB. Clear its outputs, save it and hand it in again."
            )
        content = path.read_bytes()
    except OSError as error:
        raise SubmissionError(f"{name} cannot be read: {error.strerror}.") from error
    if not content.strip():
        raise SubmissionError(f"{name} is empty. Save the notebook and hand it in again.")

    encoding = json.detect_encoding(content)
    text = content.decode(encoding, "replace")
    if encoding != "utf-8":
        notes.append(f"{name} is written in {encoding} and was read as that; Jupyter uses utf-8.")
    elif "\ufffd" in text and "\ufffd".encode() not in content:
        notes.append(f"{name} holds bytes that are no text in utf-8; they became \ufffd.")
    if sum(map(text.count, ",[{")) > MOST_VALUES:
        raise SubmissionError(
            f"{name} holds more than {MOST_VALUES} values. Clear its outputs, save it and hand it "
            "in again."
        )
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise SubmissionError(
            f"{name} is cut off, damaged or no notebook at all: {error}. Save the notebook in "
            "Jupyter and hand it in again."
        ) from None
    if not isinstance(parsed, dict) or not {"cells", "worksheets"} & set(parsed):
        raise SubmissionError(
            f"{name} is no notebook: it is JSON, but has no cells. Hand in the notebook that was "
            "given out."
        )
    return parsed


def _list_cells(content, path):
    """Returns a notebook's cells as dictionaries. Before format 4, they stood in worksheets."""
    sheets = [content] if "cells" in content else _as(list, content["worksheets"])
    cells = [
        _as(dict, cell) for sheet in sheets for cell in _as(list, _as(dict, sheet).get("cells"))
    ]
    if len(cells) > MOST_CELLS:
        raise SubmissionError(
            f"{path.name!r} has {len(cells)} cells, allowed are {MOST_CELLS}. Delete those that "
            "are not needed and hand it in again."
        )
    return cells


def _read_cell(number, cell):
    """Returns a `Cell` with what can be read of a dictionary, which may hold anything."""
    text = cell.get("source", cell.get("input"))
    source = _text(text)
    kind, metadata = cell.get("cell_type"), _as(dict, cell.get("metadata"))
    tags = _as(list, metadata.get("tags"))
    if kind == "heading":
        level = cell.get("level")
        hashes = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1)
        source, text, kind = f"{hashes} {source}", f"{hashes} {source}", "markdown"
    known = isinstance(kind, str) and kind in NEW_CELL
    if not known:
        kind = "code" if {"outputs", "execution_count"} & set(cell) else "markdown"
    parts = text if isinstance(text, list) else [text]
    whole = (
        known
        and isinstance(cell.get("metadata", {}), dict)
        and all(isinstance(part, str) for part in parts)
        and "".join(parts) == source
    )
    attachments = {
        _text(name): kept
        for name, bundle in _as(dict, cell.get("attachments")).items()
        if (kept := clean_pictures(_as(dict, bundle)))
    }
    return Cell(
        number=number,
        kind=kind,
        source=source,
        id=_as(str, cell.get("id")),
        about=_as(dict, metadata.get("nbgrader")),
        controls=any(tag in CONTROL_TAGS for tag in tags if isinstance(tag, str)),
        attachments=attachments,
        whole=whole,
    )


def _as(kind, value):
    """Returns the value if it is of that kind, and an empty one if not."""
    return value if isinstance(value, kind) else kind()


def _text(value):
    """Joins the text of a list of lines, however nested. What cannot be written becomes `?`."""
    if isinstance(value, list):
        return "".join(map(_text, value))
    return _as(str, value).encode("utf-8", "replace").decode("utf-8")
