"""What names of files say: notebooks, copies, labs, and what cannot be a name everywhere."""

import re
import unicodedata

# Bytes of a student's identifier, which names folders and files.
LONGEST_IDENTIFIER = 128
# Some browsers append `.txt` or `.json` to what they save, and number what they save twice.
_NOTEBOOK = re.compile(r"(?P<stem>.*)\.ipynb(?:\.(?:txt|json))?(?P<copy> ?\([0-9]+\))?[ .]*", re.I)
_COPY = re.compile(
    r"(?P<stem>.+?)(?: ?\((?P<number>[0-9]{1,6})\)|[ _-]+(?:copy|kopie|copie)(?: ?[0-9]{0,3}))",
    re.I,
)
# Google Drive puts this before the name of a copy.
_COPY_OF = re.compile(r"(?:^|[\s_-]+)(?:copy of|kopie von|copie de|copia de)$", re.IGNORECASE)
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def is_notebook(path):
    """Whether a file is a notebook by its name, whatever a browser made of it."""
    return bool(_NOTEBOOK.fullmatch(path.split("/")[-1]))


def stem_of(name):
    """Splits a file's name into its stem and the number of the copy that it is, 0 for none."""
    found = _NOTEBOOK.fullmatch(name)
    stem = f"{found['stem']}{found['copy'] or ''}" if found else re.sub(r"\.\w{1,8}$", "", name)
    copy = 0
    while again := _COPY.fullmatch(stem):
        copy, stem = max(copy, int(again["number"] or 1)), again["stem"]
    return stem.strip(), copy


def split_off_lab(stem, labs):
    """Takes the name of a lab from the end or the beginning of a file's stem.

    Args:
        stem: The stem.
        labs: Names of labs.

    Returns:
        What is left, and whether a lab was named.
    """
    for lab in sorted(map(re.escape, labs), key=len, reverse=True):
        if re.fullmatch(lab, stem, re.IGNORECASE):
            return "", True
        found = re.fullmatch(rf"(.+?)[\s_-]+{lab}|{lab}[\s_-]+(.+)", stem, re.I | re.S)
        if found:
            return _COPY_OF.sub("", (found[1] or found[2]).strip()), True
    return stem, False


def make_identifier(text):
    """A name for a folder: letters, digits, and `.`, `_`, `-`, `@`; "" if nothing is left."""
    return re.sub(r"[^\w.@-]+", "-", unicodedata.normalize("NFC", text)).strip(".-")


def is_device(name):
    """Whether Windows takes a name for that of a device."""
    return bool(_DEVICE.fullmatch(name))
