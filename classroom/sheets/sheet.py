"""A table that a learning platform exported as text, filled in without touching anything else.

Platforms differ in encoding, separator, quotes and ends of lines, and read back what they wrote.
So the cells keep their places in the text, and only those that change are written anew.
"""

import codecs
import re
from dataclasses import dataclass

SEPARATORS = ",;\t|"
# What files begin with that are no text: zip (Excel, OpenDocument), Excel before 2007, PDF.
BINARY = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF")
MARKS = {
    codecs.BOM_UTF8: "utf-8",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
# The line by which a file tells Excel its separator.
_TELLS = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)', re.IGNORECASE)
_BREAK = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True)
class Cell:
    """A cell of a sheet.

    Attributes:
        start: Where it begins in the sheet's text.
        end: Where it ends.
        text: What it holds, without quotes around it.
        quoted: Whether it has quotes around it.
    """

    start: int
    end: int
    text: str
    quoted: bool


@dataclass(frozen=True)
class Sheet:
    """A table, and how it was written.

    Attributes:
        mark: The bytes before the text that tell its encoding, often none.
        encoding: Encoding of the text.
        text: The text.
        separator: What separates cells.
        header: The first row, a list of `Cell`s.
        rows: The other rows that are not empty, lists of `Cell`s.
    """

    mark: bytes
    encoding: str
    text: str
    separator: str
    header: list[Cell]
    rows: list[list[Cell]]

    @property
    def headings(self):
        """What the cells of the first row hold."""
        return [cell.text.strip() for cell in self.header]

    def read(self, row, column):
        """Returns what a cell holds, without blanks around it; "" if the row has no such cell."""
        return row[column].text.strip() if column < len(row) else ""

    def column(self, number):
        """Returns what the cells of a column hold, below the first row."""
        return [self.read(row, number) for row in self.rows]

    def line_of(self, row):
        """Returns the number of the line in which a row begins, from 1."""
        return 1 + len(_BREAK.findall(self.text, 0, row[0].start))

    def fill(self, values):
        """Writes the sheet with other values in some cells.

        Args:
            values: List of pairs of a `Cell` of the sheet and the text that it gets.

        Returns:
            The file's content, bytes. All other cells, quotes, ends of lines and the encoding are
            those of the sheet.
        """
        parts, done = [], 0
        for cell, value in sorted(values, key=lambda pair: pair[0].start):
            parts += [self.text[done : cell.start], self._quote(value, cell.quoted)]
            done = cell.end
        return self.mark + "".join([*parts, self.text[done:]]).encode(self.encoding)

    def _quote(self, value, quoted):
        if quoted or any(sign in value for sign in (self.separator, '"', "\r", "\n")):
            return '"' + value.replace('"', '""') + '"'
        return value


def read_sheet(content, name):
    """Reads a table that was exported as text.

    Encoding and separator are found out: UTF-8 and UTF-16 with or without a mark, else Windows'
    Western European; comma, semicolon, tab or bar, whichever gives rows of one length.

    Args:
        content: The file's content, bytes.
        name: What errors call the file.

    Returns:
        A `Sheet`.

    Raises:
        ValueError: if it is no text, or no table.
    """
    if content.startswith(BINARY):
        raise ValueError(
            f"{name} is a workbook or another binary file; expected is a text file. Export the "
            "grades as CSV or text, or save the sheet as CSV."
        )
    mark, encoding, text = _decode(content, name)
    tells = _TELLS.match(text)
    start = tells.end() if tells else 0
    found = []
    for separator in [tells[1]] if tells else SEPARATORS:
        header, *rows = _split(text, start, separator) or [[]]
        alike = sum(len(row) == len(header) for row in rows)
        found.append(((len(header) > 1, alike, len(header)), separator, header, rows))
    (is_table, *_), separator, header, rows = max(found, key=lambda item: item[0])
    if not is_table or not rows:
        raise ValueError(
            f"{name} is no table of people: expected are a first row with the names of the columns "
            "and a row for each person, separated by commas, semicolons or tabs."
        )
    return Sheet(mark, encoding, text, separator, header, rows)


def _decode(content, name):
    for mark, encoding in MARKS.items():
        if content.startswith(mark):
            encodings, body = [encoding], content[len(mark) :]
            break
    else:
        mark, body = b"", content
        encodings = ["utf-8", "cp1252", "latin-1"]
        if b"\0" in content:
            encodings = ["utf-16-le" if content[1:2] == b"\0" else "utf-16-be"]
    for encoding in encodings:
        try:
            text = body.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text.encode(encoding) == body and "\0" not in text:
            return mark, encoding, text
    raise ValueError(f"{name} is no text in UTF-8, UTF-16 or Windows-1252; export it again.")


def _split(text, start, separator):
    """Splits a text into rows of `Cell`s; rows without any text are left out.

    A quote within quotes is doubled, or followed by what cannot end a cell: PHP leaves those single
    that follow a backslash.
    """
    ends = re.escape(separator) + r"\r\n"
    field = re.compile(f'"((?:[^"]|""|"(?!["{ends}]|\\Z))*)"(?=[{ends}]|\\Z)|[^{ends}]*')
    rows, row, place = [], [], start
    while True:
        found = field.match(text, place)
        quoted = found[1] is not None
        cell = found[1].replace('""', '"') if quoted else found[0]
        row.append(Cell(found.start(), found.end(), cell, quoted))
        place = found.end()
        if text[place : place + 1] == separator:
            place += 1
            continue
        if any(cell.text.strip() for cell in row):
            rows.append(row)
        ended = _BREAK.match(text, place)
        if not ended:
            return rows
        row, place = [], ended.end()
