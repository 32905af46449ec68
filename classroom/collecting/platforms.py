"""How learning platforms name the files of an export, and what that says about a hand-in.

`docs/collecting.md` says where each layout is from. A path is looked at as the platform wrote it:
what a student chose, a file's name and the folders around it, never counts as the platform's.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime

from classroom.cleaning import clean_line
from classroom.collecting.archives import SkippedError
from classroom.collecting.file_names import is_notebook, split_off_lab, stem_of

UNCLEAR = "no notebook, or not clear whose it is"
LONGEST_NAME = 100
LONGEST_ABOUT = 1000  # characters that are looked at for a name

# "Ada Lovelace_1234567_assignsubmission_file_/lab.ipynb", since 4.0 without the last "_", or
# "…_file_lab.ipynb" without folders. Names are written without "_"; the group in which all that
# have none work together has no number.
_MOODLE = re.compile(
    r"(?P<name>[^_]+?)(?:_(?P<number>[0-9]+))?_assignsubmission_(?P<kind>[a-z]+)(?:_(?P<file>.*))?",
    re.DOTALL,
)
# What Moodle puts between a name and a file, of every kind of submission; marks may overlap.
_MOODLE_MARK = re.compile(r"(?=_assign(?:submission|feedback)_)")
_PARTICIPANT = re.compile(r"(?P<name>.*[^0-9 ]) (?P<number>[0-9]+)", re.DOTALL)
# "lovelaceada_LATE_1234_56789_lab-1.ipynb", "LATE_anon_x7Yz2_56789_lab.ipynb",
# "lovelaceada_1234_text.html". The first two numbers are Canvas's.
_CANVAS = re.compile(
    r"(?:(?P<late>LATE_)?anon_(?P<anonymous>[A-Za-z0-9]+)(?P<later>_LATE)?"
    r"|(?P<name>.*?)(?P<latest>_LATE)?_(?P<number>[0-9]+))"
    r"_(?:(?P<order>[0-9]{1,20})_(?P<file>.+)|(?P<text>text|link)\.html)",
    re.DOTALL,
)
# "Lab 1_alovelace_attempt_2026-03-01-12-00-00_lab.ipynb"; "attempt" is in the site's language.
_BLACKBOARD = re.compile(
    r"(?P<head>.+?)_[^\W\d_]+_(?P<time>[0-9]{4}(?:-[0-9]{2}){5})(?:_(?P<file>.+)|(?P<about>\.txt))",
    re.DOTALL,
)
_BLACKBOARD_NAME = re.compile(r"[^\n:]{1,40}: *(?P<name>[^\n]*?) *\((?P<user>[^()\n]+)\)\s")
# "39786-640693 - Ada Lovelace - Mar 1, 2026 1022 AM/lab.ipynb", or "… - lab.ipynb"
_BRIGHTSPACE = re.compile(
    r"(?P<number>[0-9]+-[0-9]+) - (?:(?P<own>[A-Za-z]*[0-9]{4,}) - )?(?P<name>.+?) ?- "
    r"(?P<time>[^-]*\b[0-9]{4}\b[^-]*?)(?: - (?P<file>.+))?",
    re.DOTALL,
)
_BRIGHTSPACE_TIMES = [
    f"{day} %Y {clock}"
    for day in ("%b %d", "%B %d", "%d %b", "%d %B")
    for clock in ("%I%M %p", "%I:%M %p", "%I %M %p", "%H%M", "%H:%M")
]


@dataclass(frozen=True)
class HandIn:
    """What a path says about a file.

    Attributes:
        key: What the archive calls the student: a number, a user name, a folder.
        called: All that the archive says about who it is. Two hand-ins of one student agree in it.
        name: The student's name, or "".
        inside: The file's path among the student's own.
        platform: Name of the platform, or "" where none of them writes such paths.
        time: When it was handed in, by the platform's account and without a time zone, or None.
        is_late: Whether the platform says that it came late.
        order: A number that is larger for what was handed in later, or 0.
        is_anonymous: Whether the platform hides whose it is.
    """

    key: str
    called: str
    name: str
    inside: tuple[str, ...]
    platform: str = ""
    time: datetime | None = None
    is_late: bool = False
    order: int = 0
    is_anonymous: bool = False


def names_a_student(part):
    """Whether a folder is one that a platform made for a student."""
    return bool(_MOODLE_MARK.search(part) or _BRIGHTSPACE.fullmatch(part)) or (
        part.lower().endswith(".zip") and bool(_CANVAS.fullmatch(part) or _BLACKBOARD.match(part))
    )


def identify(parts, labs):
    """Finds out whose a file is.

    Args:
        parts: Its path, below the folders of the whole class, as a list.
        labs: Names of the course's labs and notebooks.

    Returns:
        A `HandIn`.

    Raises:
        SkippedError: if that is not clear.
    """
    if not parts:
        raise SkippedError(UNCLEAR)
    marks = sum(len(_MOODLE_MARK.findall(part)) for part in parts)
    if marks > 1:
        raise SkippedError("not clear whose it is: its path names several students")
    first, inside = parts[0], tuple(parts[1:])
    if marks:
        return _read_moodle(first, inside)
    # A student's archive, whose files are listed below it, stands where a file does.
    is_file = not inside or first.lower().endswith(".zip")
    if is_file and (found := _BLACKBOARD.fullmatch(first)):
        return _read_blackboard(found, inside)
    if (found := _BRIGHTSPACE.fullmatch(first)) and bool(found["file"]) <= is_file:
        file = (found["file"],) if found["file"] else ()
        name, number = found["name"].strip(), found["own"] or found["number"]
        time = _parse_words(found["time"])
        return HandIn(number, f"{number} {name}", name, file + inside, "Brightspace", time)
    if is_file and (found := _CANVAS.fullmatch(first)):
        return _read_canvas(found, inside)
    if inside:
        key = first[:-4] if first.lower().endswith(".zip") else first
        return HandIn(key, key, "", inside)
    stem, _ = stem_of(first)
    key, named = split_off_lab(stem, labs)
    if not key or not (named or is_notebook(first)):
        raise SkippedError(UNCLEAR)
    return HandIn(key, key, "", (first,))


def _read_moodle(first, inside):
    found = _MOODLE.fullmatch(first)
    is_zip = first.lower().endswith(".zip")
    if not found or (bool(inside) == bool(found["file"]) and not (inside and is_zip)):
        raise SkippedError(UNCLEAR)
    name, number = found["name"], found["number"]
    if not number and (participant := _PARTICIPANT.fullmatch(name)):
        name, number = participant["name"], participant["number"]
    file = (found["file"],) if found["file"] else ()
    if found["kind"] != "file":
        file, inside = (), ("", *file, *inside)
    called = f"{name} {number or ''}"
    blind = bool(re.fullmatch(r"(?:.*-)?(?:Participant|Teilnehmer\W?(?:in)?)", name))
    return HandIn(number or name, called, name, file + inside, "Moodle", is_anonymous=blind)


def _read_canvas(found, inside):
    key, name = found["number"] or f"anon_{found['anonymous']}", found["name"] or ""
    return HandIn(
        key,
        f"{key} {name}",
        name,
        ((found["file"],) if found["file"] else ("", found["text"])) + inside,
        "Canvas",
        is_late=bool(found["late"] or found["later"] or found["latest"]),
        order=int(found["order"] or 0),
        is_anonymous=bool(found["anonymous"]),
    )


def _read_blackboard(found, inside):
    user = found["head"].split("_")[-1]
    try:
        time = datetime.strptime(found["time"], "%Y-%m-%d-%H-%M-%S")
    except ValueError:
        time = None
    file = (found["file"],) if found["file"] else ("", found["about"])
    return HandIn(user, found["head"], "", file + inside, "Blackboard", time)


def _parse_words(text):
    """Reads a time such as "Mar 1, 2026 1022 AM", or None."""
    words = " ".join(text.replace(",", " ").split())
    for form in _BRIGHTSPACE_TIMES:
        try:
            return datetime.strptime(words, form)
        except ValueError:
            continue
    return None


def read_about(text):
    """Reads who handed in from the file that Blackboard puts beside an attempt.

    Args:
        text: The file's text.

    Returns:
        The student's user name and full name; "" for both if it does not say so.
    """
    found = _BLACKBOARD_NAME.match(text[:LONGEST_ABOUT])
    return (found["user"].strip(), found["name"].strip()) if found else ("", "")


def settle(hand_ins, about):
    """Decides what no path says by itself.

    Args:
        hand_ins: The `HandIn`s of an archive.
        about: Dictionary from `called` to the user name and name that Blackboard's files give.

    Returns:
        List of `HandIn`s.
    """
    pairs = {h.key: h.name for h in hand_ins if h.platform == "Brightspace" and "-" in h.key}
    keys = _number_of_brightspace(pairs)
    group = _group_of_all({h.name for h in hand_ins if h.platform == "Moodle"})
    settled = []
    for hand_in in hand_ins:
        name, key = hand_in.name, hand_in.key
        user, said = about.get(hand_in.called, ("", ""))
        if hand_in.platform == "Blackboard" and hand_in.called.endswith(f"_{user}") and user:
            key, name = user, said
        if hand_in.platform == "Brightspace":
            key = keys.get(key, key)
        if hand_in.platform == "Moodle":
            name = _strip_group(name, group)
        called = f"{key} {name}" if hand_in.platform == "Brightspace" else hand_in.called
        name = clean_line(name, LONGEST_NAME)
        settled.append(replace(hand_in, key=key, name=name, called=called))
    return settled


def _number_of_brightspace(names):
    """Which of the two numbers is the student's: the one that differs from student to student.

    Args:
        names: Dictionary from pairs of numbers, `"1-2"`, to names.

    Returns:
        Dictionary from the pairs to the students' keys; the pairs themselves if that is not clear.
    """
    for place in (0, 1) if len({*names.values()}) > 1 else ():
        owners = {}
        for pair, name in names.items():
            owners.setdefault(pair.split("-")[place], set()).add(name)
        if all(len(owned) == 1 for owned in owners.values()) and len(owners) == len(
            set(names.values())
        ):
            return {pair: pair.split("-")[place] for pair in names}
    return {pair: pair for pair in names}


def _group_of_all(names):
    """The group before all names, if there are several, as in "Group 3-Ada Lovelace"."""
    groups = {name.partition("-")[0] for name in names}
    return groups.pop() if len(groups) == 1 and len(names) > 2 else None


def _strip_group(name, group):
    before, _, after = name.partition("-")
    of_group = before == group or re.search("[0-9]", before) or not before.strip()
    return after.strip() if after.strip() and of_group else name
