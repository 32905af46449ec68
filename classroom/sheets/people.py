"""Who is who: the rows of a platform's table, and the students of a gradebook."""

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

from classroom.sheets.headings import FIRST_NAMES, IDENTIFIERS, LAST_NAMES, NAMES, plain

# What is as likely a grade as a person's number.
_SMALL = re.compile(r"\d{1,3}([.,]\d+)?")
_NUMBERED = re.compile(r"(\D{3,}?)\s*(\d+)")


class Known(NamedTuple):
    """A student of the gradebook.

    Attributes:
        student: The identifier there.
        name: Full name, or "".
        others: Other identifiers, such as an address or the platform's number.
    """

    student: str
    name: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Matches:
    """Which rows of a table are whose.

    Attributes:
        students: Dictionary from the number of a row to the student's identifier.
        by_name: Numbers of the rows for which only the name says whose they are.
        unclear: Dictionary from the number of a row to why it is nobody's, though something of it
            is a student's.
        unknown: Numbers of the rows of people whom the gradebook does not know.
    """

    students: dict[int, str] = field(default_factory=dict)
    by_name: list[int] = field(default_factory=list)
    unclear: dict[int, str] = field(default_factory=dict)
    unknown: list[int] = field(default_factory=list)


class People:
    """The columns of a table that say who a person is.

    Args:
        sheet: A `Sheet`.
        known: List of `Known`.
        end: Number of the first column that holds grades; those that say who it is come before.
    """

    def __init__(self, sheet, known, end):
        self.sheet, self.known = sheet, {person.student: person for person in known}
        headings = [plain(heading) for heading in sheet.headings[:end]]
        self.last = _find(headings, LAST_NAMES)
        self.first = _find(headings, FIRST_NAMES) if self.last is not None else None
        self.full = None if self.first is not None else _find(headings, NAMES)
        self.owners = {}
        for person in known:
            for text in (person.student, *person.others):
                if text:
                    self.owners.setdefault(_key(text), set()).add(person.student)
        named = {self.last, self.first, self.full}
        self.identifiers = [
            number
            for number, heading in enumerate(headings)
            if number not in named and (heading in IDENTIFIERS or self._identifies(number))
        ]
        # Moodle's worksheets begin with a column that counts people: "Participant 123".
        self.counts = 0 in self.identifiers and self._counts_people()

    def name_of(self, row):
        """Returns the name of a row's person, or ""."""
        if self.full is not None:
            return self.sheet.read(row, self.full)
        parts = [self.first, self.last]
        return " ".join(self.sheet.read(row, part) for part in parts if part is not None).strip()

    def describe(self, row):
        """Returns how a person finds a row: its line, name and identifiers."""
        texts = [self.sheet.read(row, number) for number in self.identifiers]
        about = ", ".join(dict.fromkeys(filter(None, [self.name_of(row), *texts])))
        return f"line {self.sheet.line_of(row)}: {about or 'nobody is named'}"

    def match(self, rows):
        """Finds out whose rows are.

        Identifiers count first. A name counts where no identifier is known, and only if one row and
        one student have it.

        Args:
            rows: Dictionary from numbers to rows.

        Returns:
            `Matches`.
        """
        matches = Matches()
        for number, row in rows.items():
            found = self._by_name(row, self._owners_of(row))
            if len(row) != len(self.sheet.header):
                cells = f"it has {len(row)} cells, and the first row {len(self.sheet.header)}"
                matches.unclear[number] = cells
            elif len(found) > 1:
                some = " and ".join(sorted(found))
                matches.unclear[number] = f"its identifiers are those of {some}"
            elif found and self._contradicts(row, found):
                (student,) = found
                name = self.known[student].name
                matches.unclear[number] = f"the identifier is that of {student}, who is {name}"
            elif found:
                matches.students[number] = found.popitem()[0]
        self._refuse_doubles(matches)
        self._match_names(rows, matches)
        return matches

    def _by_name(self, row, found):
        """Of several students whose identifiers a row bears, the one whose name it bears too."""
        name = self.name_of(row)
        alike = [one for one in found if name and _alike(self.known[one].name, name)]
        return {alike[0]: found[alike[0]]} if len(found) > 1 and len(alike) == 1 else found

    def _owners_of(self, row):
        """Counts, for each student, the columns of a row that name that student."""
        found = Counter()
        for number in self.identifiers:
            keys = self._keys(row, number)
            found.update(set().union(*(self.owners.get(key, ()) for key in keys)))
        return found

    def _keys(self, row, number):
        text = self.sheet.read(row, number)
        digits = _NUMBERED.fullmatch(text) if self.counts and number == 0 else None
        return ({_key(text)} if text else set()) | ({digits[2]} if digits else set())

    def _contradicts(self, row, found):
        """Whether one identifier says that it is a student, and the name that it is not."""
        ((student, columns),) = found.items()
        known, name = self.known[student].name, self.name_of(row)
        return columns == 1 and bool(known and name) and not _alike(known, name)

    def _refuse_doubles(self, matches):
        for student, count in Counter(matches.students.values()).items():
            if count > 1:
                for number in [n for n, one in matches.students.items() if one == student]:
                    del matches.students[number]
                    matches.unclear[number] = f"{count} rows are {student}'s"

    def _match_names(self, rows, matches):
        taken = set(matches.students.values())
        owners = {}
        for person in self.known.values():
            for key in {_name_key(person.name or person.student)} - {""}:
                owners.setdefault(key, set()).add(person.student)
        # Columns by which others were found: who is not found by them is not in the table.
        working = {
            column
            for number in matches.students
            for column in self.identifiers
            if self._keys(rows[number], column) & self.owners.keys()
        }
        keys = {number: self._name_keys(row) for number, row in rows.items()}
        count = Counter(key for found in keys.values() for key in found)
        for number in rows.keys() - matches.students.keys() - matches.unclear.keys():
            found = {key: owners[key] for key in keys[number] if key in owners}
            students = set().union(*found.values())
            doubled = len(students) > 1 or any(count[key] > 1 for key in found)
            if not students - taken:
                matches.unknown.append(number)
            elif doubled:
                matches.unclear[number] = "several people have this name; no identifier is known"
            elif text := self._says_otherwise(rows[number], *students, working):
                (student,) = students
                matches.unclear[number] = f"it has the name of {student}, but {text} is another"
            else:
                matches.students[number] = students.pop()
                matches.by_name.append(number)
        matches.unknown.sort()
        matches.by_name.sort()

    def _says_otherwise(self, row, student, working):
        """An identifier that says of a student's namesake that it is somebody else, or ""."""
        person = self.known[student]
        ours = {_kind(text) for text in person.others if text}
        if _name_key(student) != _name_key(person.name or student):
            ours.add(_kind(student))
        for column in self.identifiers:
            text = self.sheet.read(row, column)
            kind = "number" if self.counts and column == 0 else _kind(text)
            if text and kind in ours and (kind == "address" or column in working):
                return text
        return ""

    def _name_keys(self, row):
        """The ways in which a row's name may be written in the gradebook."""
        if self.full is None:
            parts = [
                self.sheet.read(row, part) for part in (self.first, self.last) if part is not None
            ]
        else:
            parts = [part.strip() for part in self.sheet.read(row, self.full).split(",")][::-1]
        return {_name_key(" ".join(parts)), _name_key(" ".join(parts[::-1]))} - {""}

    def _identifies(self, number):
        """Whether a column without a known heading names people, each another one."""
        texts = [text for text in self.sheet.column(number) if text]
        if texts and all("@" in text for text in texts):
            return True
        if number == 0 and self._counts_people():
            return True
        hits = sum(_key(text) in self.owners and not _SMALL.fullmatch(text) for text in texts)
        return len(set(texts)) == len(texts) and 2 * hits > len(texts)

    def _counts_people(self):
        """Whether the first column counts people, in whatever language."""
        texts = [_NUMBERED.fullmatch(text) for text in self.sheet.column(0) if text]
        return bool(texts) and all(texts) and len({found[1] for found in texts}) == 1


def _find(headings, words):
    found = [number for number, heading in enumerate(headings) if heading in words]
    return found[0] if found else None


def _key(text):
    """An identifier as it is compared. Brightspace puts # before each."""
    return unicodedata.normalize("NFC", text).strip().removeprefix("#").casefold()


def _kind(identifier):
    """What an identifier can be compared with: addresses, numbers, names."""
    if "@" in identifier:
        return "address"
    return "number" if re.fullmatch(r"#?\d+", identifier) else "name"


def _name_key(name):
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFC", name).casefold()))


def _alike(one, other):
    """Whether two names have a word in common, also where one is written without blanks."""
    words = [_bare(one), _bare(other)]
    return any(
        word in "".join(words[1 - side])
        for side in (0, 1)
        for word in words[side]
        if len(word) > 1 or len(words[side]) == 1
    )


def _bare(name):
    """The words of a name without accents."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return re.findall(r"\w+", "".join(one for one in letters if not unicodedata.combining(one)))
