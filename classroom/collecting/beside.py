"""The files beside notebooks: which are taken, and where they go."""

import itertools
import unicodedata

from classroom.collecting.file_names import is_device, is_notebook

# Bytes and number of the files beside a notebook, folders within each other, bytes of a name.
LARGEST_FILES = 50_000_000
MOST_FILES = 200
DEEPEST = 10
LONGEST_NAME = 150

# What a person reads, or packs, and no notebook does.
DOCUMENTS = {"pdf", "doc", "docx", "odt", "rtf", "pages", "html", "htm", "ppt", "pptx", "tex"}
ARCHIVES = {"7z", "rar", "tar", "gz", "tgz", "bz2", "xz"}


def explain(inside):
    """Says why a file is taken neither as a notebook nor beside one, or "" if it may be.

    Args:
        inside: The file's path among the student's own, as a tuple; it begins with "" for what a
            platform writes itself.
    """
    name = inside[-1]
    if not inside[0]:
        about = "Blackboard's account of the attempt" if name == ".txt" else "text entered online"
        return f"{about}, no notebook"
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending in ARCHIVES:
        return f"a .{ending} archive is not read; ask for a notebook or a zip archive"
    if ending in DOCUMENTS:
        return f"a .{ending} file is no notebook"
    return ""


def place(inside, bases, notebooks):
    """Where a file beside notebooks goes, below the folder of the one that it stands nearest to.

    Args:
        inside: The file's path among the student's own, as a tuple.
        bases: The folders of each notebook there.
        notebooks: Names of the lab's notebooks.

    Returns:
        The path, with `/`, and why the file is not taken, or "".
    """
    shared = [
        itertools.takewhile(lambda pair: pair[0] == pair[1], zip(inside[:-1], base))
        for base in bases
    ]
    parts = inside[max(len([*pairs]) for pairs in shared) :]
    *folders, name = (unicodedata.normalize("NFC", part) for part in parts)
    folders = [folder[:-4] if folder.lower().endswith(".zip") else folder for folder in folders]
    if reason := explain(inside):
        return "", reason
    path = "/".join([*folders, name])
    if any(part.startswith(".") or is_device(part) or part != part.rstrip(" .") for part in parts):
        return path, "its name is kept for the system"
    if name.casefold() == "timestamp.txt" or is_notebook(name) or name.endswith(".new"):
        return path, "its name is kept for the hand-in itself"
    if folders and folders[0].casefold() in {f"{name}.ipynb".casefold() for name in notebooks}:
        return path, "its name is kept for the hand-in itself"
    if len(folders) > DEEPEST or max(len(part.encode()) for part in parts) > LONGEST_NAME:
        return path, "its path is too long"
    return path, ""


def name_of_module(path):
    """The name that a Python file had before Canvas numbered it, as in `helper-1.py`."""
    folders, slash, name = path.rpartition("/")
    stem, dash, number = name.removesuffix(".py").rpartition("-")
    numbered = name.endswith(".py") and dash and number.isdecimal()
    return f"{folders}{slash}{stem}.py" if numbered else path
