"""The students of a class, and whose hand-in it is: `labs/roster.json`.

A roster is a table with a header: of the instructor's own, or the gradebook that a learning
platform exports, in its language, encoding and with its separator.
"""

import csv
import io
import json
import re
import unicodedata
from dataclasses import asdict, dataclass
from pathlib import Path

from classroom.cleaning import clean_line
from classroom.collecting.file_names import LONGEST_IDENTIFIER, make_identifier

LONGEST_NAME = 100

# Headers, in lower case, of what is used. Where several are there, the first one that differs from
# student to student identifies them.
_COLUMNS = {
    "canvas": ["id"],
    "user": [
        *["student", "identifier", "student_id", "username", "user name", "login", "sis login id"],
        *["benutzername", "anmeldename", "nom d'utilisateur", "nombre de usuario", "id"],
    ],
    "number": [
        *["id number", "idnumber", "student id", "matriculation number", "matrikelnummer"],
        *["id-nummer", "numéro d'identification", "número de id", "sis user id", "orgdefinedid"],
    ],
    "participant": ["identifier", "id", "teilnehmer/in", "identifiant"],
    "email": ["email address", "email", "e-mail", "e-mail-adresse", "adresse de courriel", "mail"],
    "first": ["first name", "first_name", "firstname", "vorname", "prénom", "nombre"],
    "last": [
        *["last name", "last_name", "lastname", "surname", "nachname", "nom", "nom de famille"],
        *["apellido(s)", "apellidos", "family name"],
    ],
    "name": ["full name", "name", "vollständiger name", "nom complet", "nombre completo"],
}
# Moodle numbers participants anew in every assignment.
_IDENTIFIES = ("canvas", "user", "number", "email", "participant")
_PARTICIPANT = re.compile(r"\D+ ([0-9]+)")


@dataclass(frozen=True)
class Student:
    """A student of the class.

    Attributes:
        student: The identifier, which names the folder in `submitted/`.
        first: First name.
        last: Last name.
        email: Address, or "".
        keys: What platforms call the student, in lower case: `"canvas:101"` for Canvas's number,
            `"participant:101"` for Moodle's in an assignment, else as it is.
    """

    student: str
    first: str
    last: str
    email: str
    keys: list[str]

    @property
    def name(self):
        return f"{self.first} {self.last}".strip()


def import_roster(course, path):
    """Reads a table of students, remembers them, and tells the gradebook their names.

    Args:
        course: A `Course`.
        path: A CSV file with a header.

    Returns:
        List of `Student`s.

    Raises:
        ValueError: if it names no students, or two with one identifier.
    """
    students = _read_table(path)
    target = course.labs / "roster.json"
    new = target.with_suffix(".new")
    text = json.dumps([asdict(student) for student in students], ensure_ascii=False, indent=1)
    new.write_text(f"{text}\n", encoding="utf-8")
    new.replace(target)
    with course.gradebook("") as gradebook:
        for student in students:
            about = {"first_name": student.first, "last_name": student.last}
            about["email"] = student.email or None
            number = next((key[7:] for key in student.keys if key.startswith("canvas:")), None)
            gradebook.update_or_create_student(student.student, **about, lms_user_id=number)
    return students


def read_roster(course):
    """Returns the list of `Student`s, or None if the course has no roster.

    Raises:
        ValueError: if the roster is damaged.
    """
    path = course.labs / "roster.json"
    if not path.exists():
        return None
    try:
        return [Student(**stored) for stored in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError) as error:
        raise ValueError(
            f"{path} is damaged: {error}. Import the table of students again with `course roster`."
        ) from error


def find_student(roster, hand_in):
    """Finds out which student of a roster a hand-in is of.

    Args:
        roster: List of `Student`s.
        hand_in: A `HandIn`.

    Returns:
        The `Student`.

    Raises:
        LookupError: if there is none, or several, in words.
    """
    key = _fold(hand_in.key)
    spaces = {"Canvas": f"canvas:{key}", "Moodle": f"participant:{key}"}
    by_key = [s for s in roster if spaces.get(hand_in.platform, key) in s.keys]
    called = hand_in.name or ("" if hand_in.platform else hand_in.key)
    by_name = _find_name(roster, called, hand_in.platform)
    both = [student for student in by_key if student in by_name]
    # Brightspace's numbers are its own, and may be another student's elsewhere.
    found = both or by_name or ([] if hand_in.platform == "Brightspace" else by_key)
    who = clean_line(hand_in.name or hand_in.key, LONGEST_NAME)
    if by_key and by_name and not both:
        raise LookupError(
            f"by the roster, {hand_in.key} is {by_key[0].name or by_key[0].student}, and not {who}"
        )
    if len(found) == 1:
        return found[0]
    if found:
        raise LookupError(
            f"the roster has several students called {who}: "
            f"{', '.join(student.student for student in found)}"
        )
    raise LookupError(f"{who} is not in the roster")


def _find_name(roster, called, platform):
    """Students of a name: as it is written, else by its words in any order."""
    if platform == "Canvas":
        squashed = _squash(called)
        return [s for s in roster if squashed and squashed == _squash(f"{s.last}{s.first}")]
    parts = called.split("-") if platform == "Moodle" else [called]
    for start in range(len(parts)):
        name = "-".join(parts[start:])
        for fold in (_fold, _words):
            found = [s for s in roster if fold(name) and fold(name) == fold(s.name)]
            if found:
                return found
    return []


def _fold(text):
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


def _words(text):
    return sorted(re.findall(r"\w+", _fold(text).replace("_", " ").replace("'", "")))


def _squash(text):
    return re.sub(r"[\W_]", "", _fold(text))


def _read_table(path):
    try:
        text = _decode(Path(path).read_bytes())
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}.") from error
    first = text.partition("\n")[0]
    rows = list(csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count)))
    header = [_fold(name.replace("’", "'")) for name in rows[0]] if rows else []
    columns = {
        kind: next((header.index(name) for name in names if name in header), None)
        for kind, names in _COLUMNS.items()
    }
    sis = [name for name in ("sis login id", "sis user id") if name in header]
    is_canvas = "id" in header and bool(sis or {"student", "section"} <= {*header})
    if is_canvas:
        # Its first column is the name, in the language of whoever exported it.
        columns |= {"name": 0, "user": header.index(sis[0]) if sis else None}
    else:
        columns["canvas"] = None
    if not any(columns[kind] is not None for kind in (*_IDENTIFIES, "name", "last")):
        raise ValueError(
            f"{path} names no students: its first line is {first[:100]!r}. Expected is a table "
            "whose header has a column such as student, ID number, Username or Email address."
        )
    people = []
    for row in rows[1:]:
        # Brightspace puts a "#" before what a spreadsheet could take for a number.
        cells = [clean_line(cell, LONGEST_NAME).removeprefix("#") for cell in row]
        person = {
            kind: cells[place] if place is not None and place < len(cells) else ""
            for kind, place in columns.items()
        }
        test = person["name"] in ("Student, Test", "Points Possible")
        if any(person.values()) and not test and (person["canvas"] or not is_canvas):
            people.append(_split_name(person))
    return _make_students(path, people)


def _decode(content):
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _split_name(person):
    """First and last name of a person who has one name for both, and Moodle's number."""
    name = person["name"]
    if name and not person["last"]:
        last, comma, first = name.partition(",")
        if not comma:
            *some, last = name.split()
            first = " ".join(some)
        person |= {"first": first.strip(), "last": last.strip()}
    number = _PARTICIPANT.fullmatch(person["participant"])
    if person["user"] == person["participant"] and number:
        person["user"] = ""
    return person | {"participant": number[1] if number else ""}


def _make_students(path, people):
    if not people:
        raise ValueError(f"{path} names no students: there is nothing below its header.")
    by = next((kind for kind in _IDENTIFIES if _differs([p[kind] for p in people])), None)
    names = [f"{p['first']} {p['last']}".strip() for p in people]
    identifiers = (
        [make_identifier(p[by]) for p in people] if by else list(map(make_identifier, names))
    )
    students, seen = [], {}
    for person, student, name in zip(people, identifiers, names):
        if not student or len(student.encode()) > LONGEST_IDENTIFIER or student.casefold() in seen:
            other = seen.get(student.casefold())
            raise ValueError(
                f"{path}: {name or student or 'a student'} "
                + (
                    f"has the same identifier as {other}: {student}."
                    if other
                    else "has no usable one."
                )
                + " Add a column `student` in which every student has another identifier."
            )
        seen[student.casefold()] = name or student
        keys = {_fold(person[kind]) for kind in ("user", "number", "email")}
        keys |= {_fold(student), _fold(person["email"].partition("@")[0])}
        keys |= {f"{kind}:{person[kind]}" for kind in ("canvas", "participant") if person[kind]}
        first, last = person["first"], person["last"]
        students.append(Student(student, first, last, person["email"], sorted(keys - {""})))
    return students


def _differs(values):
    """Whether every student has a value, and every one another."""
    folded = {make_identifier(value).casefold() for value in values}
    return "" not in folded and len(folded) == len(values)
