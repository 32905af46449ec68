"""Zip archives as learning platforms and students make them, and zip archives inside them."""

import io
import stat
import struct
import unicodedata
import zipfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath

from classroom.cleaning import clean_line
from classroom.collecting.file_names import is_notebook

# Bytes of an archive inside an archive, and of all those inside that one; files in all of them, and
# archives within each other.
LARGEST_ZIP = 100_000_000
LARGEST_ZIPS = 300_000_000
MOST_MEMBERS = 50_000
DEEPEST = 3
LONGEST_PATH = 200  # characters, as a path is reported
# What is unpacked at once: some methods of compression turn each kilobyte into megabytes.
CHUNK = 4096

CLUTTER = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store", "Thumbs.db"}
CLUTTER |= {"desktop.ini", "Icon\r", ".venv", ".idea", ".vscode"}
# What files begin with that are named as an archive, but are none that is read here.
OTHER_KINDS = {
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a rar archive",
    b"\x1f\x8b": "a gz archive",
    b"BZh": "a bz2 archive",
    b"\xfd7zXZ": "an xz archive",
}
# How names are written where they do not say that they are UTF-8.
ENCODINGS = ("utf-8", "cp437", "cp850", "cp1252")


class SkippedError(Exception):
    """Why a file is not collected."""


@dataclass(frozen=True)
class Member:
    """A file of an archive, or of an archive inside it.

    Attributes:
        path: Its path; archives inside the archive are folders of it.
        way: The `ZipInfo`s that lead to it: of the archives inside, and its own.
        fault: Why it cannot be read, or "".
    """

    path: str
    way: tuple
    fault: str = ""

    @property
    def label(self):
        """Its path as it is reported, fit for a terminal."""
        return clean_line(self.path, LONGEST_PATH)

    @property
    def date(self):
        """When it was changed, as the archive has it, without a time zone.

        Raises:
            ValueError: if that is no date.
        """
        return datetime(*self.way[-1].date_time)


class Archive:
    """An archive that is open, for a `with` statement.

    Args:
        path: The zip file.

    Raises:
        ValueError: if it does not exist or is no zip archive.
    """

    def __init__(self, path):
        try:
            self._opened, damaged = _open(Path(path))
        except FileNotFoundError:
            raise ValueError(f"{path} does not exist.") from None
        except (zipfile.BadZipFile, IsADirectoryError) as error:
            raise ValueError(f"{path} is no zip archive: {_explain(path, error)}") from error
        self.members = [Member(name, (), fault) for name, fault in damaged]
        self._last = None, None
        self._left = 0  # bytes of archives that a student's own may still hold
        self._list(self._opened, "", ())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._opened.close()

    def read(self, member, most):
        """Unpacks a member.

        Args:
            member: A `Member`.
            most: Bytes that it may have.

        Returns:
            Its content.

        Raises:
            SkippedError: if it is damaged or too large.
        """
        if member.fault:
            raise SkippedError(member.fault)
        opened = self._opened
        for number, info in enumerate(member.way[:-1], 1):
            if self._last[0] != member.way[:number]:
                inner, _ = _open(io.BytesIO(_unpack(opened, info, LARGEST_ZIP)))
                self._last = member.way[:number], inner
            opened = self._last[1]
        return _unpack(opened, member.way[-1], most)

    def _list(self, opened, place, way):
        """Lists the members of an archive, and of those inside it that hold a notebook."""
        entries = [(_decode(info), info) for info in opened.infolist()]
        files = [name for name, _ in entries if not name.endswith("/")]
        if files and all("\\" in name and "/" not in name for name in files):
            entries = [(name.replace("\\", "/"), info) for name, info in entries]
        for name, info in entries:
            if _is_passed_over(name):
                continue
            if len(self.members) >= MOST_MEMBERS:
                raise ValueError(
                    f"The archive holds more than {MOST_MEMBERS:,} files. Collect it in parts."
                )
            member = Member(place + name, (*way, info))
            if stat.S_ISLNK(info.external_attr >> 16):
                self.members.append(Member(member.path, member.way, "it is a link"))
            elif not name.lower().endswith(".zip") or not self._list_inside(opened, member):
                self.members.append(member)

    def _list_inside(self, opened, member):
        """Lists an archive that is inside another one; returns whether it is done with.

        One without a notebook is a file like any other, which a notebook may read.
        """
        fault, before = "", len(self.members)
        if len(member.way) > DEEPEST:
            fault = f"archives are nested more than {DEEPEST} deep"
        else:
            self._left = self._left if member.way[1:] else LARGEST_ZIPS
            try:
                content = _unpack(opened, member.way[-1], min(LARGEST_ZIP, self._left))
                self._left -= len(content)
                inner, damaged = _open(io.BytesIO(content))
                with inner:
                    self.members += [
                        Member(f"{member.path}/{name}", (), reason) for name, reason in damaged
                    ]
                    self._list(inner, f"{member.path}/", member.way)
            except SkippedError as error:
                fault = str(error)
            except (zipfile.BadZipFile, ValueError) as error:
                del self.members[before:]
                fault = f"it is no zip archive: {clean_line(str(error), LONGEST_PATH)}"
        if fault:
            self.members.append(Member(member.path, member.way, fault))
            return True
        if any(item.fault or is_notebook(item.path) for item in self.members[before:]):
            return True
        del self.members[before:]
        return False


def _open(source):
    """Opens an archive, without the members whose entries in its list of contents are damaged.

    Args:
        source: A path, or a file.

    Returns:
        The `ZipFile`, and the names of the members that are left out, with reasons.
    """
    try:
        return zipfile.ZipFile(source), []
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error) as error:
        content = source.getvalue() if isinstance(source, io.BytesIO) else source.read_bytes()
        try:
            start, end, offset = _find_contents(content)
            entries = list(_split_contents(content[start:end]))
        except struct.error:
            raise zipfile.BadZipFile(str(error)) from error
    sound, damaged = [], []
    for name, entry in entries:
        try:
            zipfile.ZipFile(io.BytesIO(entry + _end_contents([entry], 0))).close()
        except Exception as error:
            reason = f"its entry in the archive is damaged: {clean_line(str(error), LONGEST_PATH)}"
            damaged.append((name, reason))
        else:
            sound.append(entry)
    whole = content[:start] + b"".join(sound) + _end_contents(sound, offset)
    return zipfile.ZipFile(io.BytesIO(whole)), damaged


def _explain(path, error):
    """Says what a file is that is no zip archive."""
    if Path(path).is_dir():
        return "it is a folder. Pack the folder as a zip archive and collect that"
    with open(path, "rb") as file:
        start = file.read(300)
    kinds = [words for mark, words in OTHER_KINDS.items() if start.startswith(mark)]
    kinds += ["a tar archive"] if start[257:262] == b"ustar" else []
    return f"it is {kinds[0]}. Unpack it and pack it as a zip archive" if kinds else str(error)


def _find_contents(content):
    """Where an archive's list of contents starts and ends, and where the archive says it starts."""
    end = content.rfind(b"PK\5\6")
    if end < 0:
        raise struct.error("There is no list of contents.")
    size, offset = struct.unpack_from("<2L", content, end + 12)
    return max(0, end - size), end, offset


def _split_contents(contents):
    """Splits a list of contents into the names and the bytes of its entries."""
    start = 0
    while start < len(contents):
        signature, *lengths = struct.unpack_from("<4s24x3H", contents, start)
        if signature != b"PK\1\2":
            raise struct.error("The list of contents is damaged.")
        end = start + 46 + sum(lengths)
        name = contents[start + 46 : start + 46 + lengths[0]]
        yield name.decode("utf-8", "replace"), contents[start:end]
        start = end


def _end_contents(entries, offset):
    """The record that ends an archive with the given entries."""
    count, size = min(len(entries), 0xFFFF), sum(map(len, entries))
    return struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, size, offset, 0)


def _decode(info):
    """A member's name in NFC, in the encoding that makes its letters Latin ones if none is said."""
    name = info.orig_filename
    if not info.flag_bits & 0x800 and not name.isascii():
        raw = name.encode("cp437")
        for encoding in ENCODINGS:
            try:
                decoded = raw.decode(encoding)
            except UnicodeDecodeError:
                continue
            if encoding == "utf-8" or all(map(_is_likely, decoded)):
                name = decoded
                break
    return unicodedata.normalize("NFC", name)


def _is_likely(letter):
    return letter.isascii() or unicodedata.name(letter, "").startswith("LATIN ")


def _is_passed_over(name):
    """Whether a member is a folder, or what computers add to archives by themselves."""
    parts = PurePosixPath(name).parts
    return name.endswith("/") or bool(CLUTTER & {*parts}) or name.split("/")[-1].startswith("._")


def _unpack(opened, info, most):
    """Unpacks a member, which has at most so many bytes, in small pieces."""
    allowed = f"allowed are {most / 1e6:.0f} MB"
    if info.file_size > most:
        raise SkippedError(f"{info.file_size / 1e6:.0f} MB, {allowed}")
    content = bytearray()
    try:
        datetime(*info.date_time).astimezone(timezone.utc)
        with opened.open(info) as file:
            while len(content) <= most and (chunk := file.read(CHUNK)):
                content += chunk
    except Exception as error:  # whatever a damaged member raises
        raise SkippedError(
            f"it cannot be unpacked: {clean_line(str(error), LONGEST_PATH)}"
        ) from error
    if len(content) > most:
        raise SkippedError(f"it is larger than it says, {allowed}")
    return bytes(content)
