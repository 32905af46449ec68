"""Which of a student's notebooks are taken: one for each of the lab's."""

import re
from datetime import datetime

from classroom.collecting.file_names import split_off_lab, stem_of


def choose(files, lab, notebooks, labs):
    """Chooses the newest of a student's notebooks for each of the lab's, by cells, else by name.

    Args:
        files: The student's notebooks, as `collect` reads them.
        lab: Name of the lab.
        notebooks: Names of its notebooks.
        labs: The `Labs`.

    Returns:
        Dictionary from the lab's names of the notebooks to files, and a list of pairs of a file
        that was not chosen and the reason.
    """
    by_cells, by_name, others, only = {}, {}, [], len(notebooks) == 1
    for file in files:
        if name := labs.find_notebook(lab, file.content):
            by_cells.setdefault(name, []).append(file)
        elif only and len(files) == 1:  # however it is called
            by_name[notebooks[0]] = files
        elif name := _find_named(file.name, lab, notebooks):
            by_name.setdefault(name, []).append(file)
        else:
            others.append(file)
    chosen, left = {}, []
    for name in sorted({*by_cells, *by_name}):
        of_name = [*by_cells.get(name, []), *by_name.get(name, [])]
        taken = chosen[name] = max(by_cells.get(name, of_name), key=rank)
        left += [(file, _explain(file, taken)) for file in of_name if file is not taken]
    for file in others:
        if only and chosen:
            reason = _explain(file, *chosen.values())
        elif only:
            reason = f"several notebooks, none called {notebooks[0]}.ipynb"
        else:
            names = ", ".join(f"{name}.ipynb" for name in notebooks)
            reason = f"neither its cells nor its name say which it is of {names}"
        left.append((file, reason))
    return chosen, left


def rank(file):
    """Returns what is larger for newer files."""
    hand_in = file.hand_in
    # The dates of a platform's archives are those of the download.
    date = datetime.min if hand_in.platform else file.member.date
    copy, depth = stem_of(file.name)[1], len(hand_in.inside)
    return hand_in.time or datetime.min, hand_in.order, date, copy, -depth, file.member.path


def _explain(file, taken):
    if file.member.path == taken.member.path:
        return "the archive holds it several times; another one was taken"
    return f"{taken.member.label} was taken"


def _find_named(name, lab, notebooks):
    """Which of a lab's notebooks a file is called like; the only one may be called like the lab."""
    stem, called = stem_of(name)[0], {name: name for name in notebooks}
    if len(notebooks) == 1:
        called[lab] = notebooks[0]
    fitting = [one for one in called if _is_named(stem, one)]
    return called[max(fitting, key=len)] if fitting else None


def _is_named(stem, name):
    # "week10" is not called like "week1".
    begins = re.match(rf"{re.escape(name)}(?!(?<=[0-9])[0-9])", stem, re.IGNORECASE)
    return bool(begins) or split_off_lab(stem, [name])[1]
