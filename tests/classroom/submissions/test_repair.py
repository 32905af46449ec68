import contextlib
import json
import os
import random
import tracemalloc
from copy import deepcopy
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader import preprocessors
from nbgrader.utils import determine_grade, is_grade, is_solution
from traitlets.config import Config

from classroom.kernels.socket_manager import SocketKernelManager
from classroom.labs import variants
from classroom.labs.release import release
from classroom.submissions import repair
from classroom.submissions.repair import SubmissionError, read

RIGHT = 'def double(x):\n    """Twice x."""\n    return 2 * x'
WRONG = "def double(x):\n    return 3 * x"
WHY = "Since x + x = 2 x."


@pytest.fixture
def released(lab):
    return nbformat.read(lab.labs / "release" / "tiny" / "tiny.ipynb", as_version=4)


@pytest.fixture
def honest(released):
    """The tiny lab, answered, with a cell of the student's own before and after its tests."""
    notebook = deepcopy(released)
    notebook.cells[0].source, notebook.cells[3].source = RIGHT, WHY
    notebook.cells.insert(1, new_code_cell("double(4)", id="mine-1"))
    notebook.cells.insert(3, new_markdown_cell("It works.", id="mine-2"))
    return notebook


@pytest.fixture
def hand(tmp_path, released):
    """Function that hands in a notebook, or content as text or bytes, and reads it."""

    def handed(content, name="tiny.ipynb"):
        folder = tmp_path / "submitted"
        folder.mkdir(exist_ok=True)
        if isinstance(content, dict):
            content = json.dumps(content)
        if isinstance(content, str):
            content = content.encode()
        (folder / name).write_bytes(content)
        return read(folder, "tiny", released)

    return handed


@pytest.fixture(scope="module")
def multitask(course, tmp_path_factory):
    """The release of the real lab, and an answered one."""
    course = course.copy(tmp_path_factory.mktemp("course"))
    released = nbformat.read(release(course, "multitask"), as_version=4)
    source = nbformat.read(course.source("multitask"), as_version=4)
    return released, variants.answer(released, variants.solutions(source))


def texts(notebook):
    return [(cell.cell_type, cell.source) for cell in notebook.cells]


def graded(lab, notebook, run):
    """nbgrader's own steps from a submitted notebook to points, by test cell."""
    gradebook = {"notebook": "tiny", "assignment": "tiny", "db_url": lab.directory("tiny").db_url}
    resources = {"nbgrader": gradebook, "metadata": {"path": str(lab.root)}}
    notebook = nbformat.reads(nbformat.writes(notebook), as_version=4)
    for step in (
        preprocessors.ClearOutput(),
        preprocessors.DeduplicateIds(),
        preprocessors.OverwriteKernelspec(),
        preprocessors.OverwriteCells(),
        preprocessors.CheckCellMetadata(),
    ):
        notebook, resources = step.preprocess(notebook, resources)
    return run(notebook, resources)


def in_this_process(notebook, resources):
    """Runs the cells as Python does, and counts a test that raises nothing."""
    namespace, points = {"__name__": "__main__"}, {}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        try:
            exec(cell.source, namespace)
            reached = 1
        except Exception:
            reached = 0
        if is_grade(cell):
            points[cell.metadata.nbgrader.grade_id] = reached * cell.metadata.nbgrader.points
    return points


def in_a_kernel(notebook, resources):
    run = preprocessors.Execute(kernel_manager_class=SocketKernelManager, timeout=60)
    notebook, _ = run.preprocess(notebook, resources)
    ignore = Config(IgnorePattern={"enabled": True, "pattern": "."})
    notebook, _ = preprocessors.IgnorePattern(config=ignore).preprocess(notebook, resources)
    scores = {
        cell.metadata.nbgrader.grade_id: determine_grade(cell)[0]
        for cell in notebook.cells
        if is_grade(cell)
    }
    # a person reads it
    assert scores.pop("why") is None
    return scores


FULL = {"double-tests": 1, "double-check": 2}

# Each takes the honest notebook, changes it, and is named after what it does. Its value is a word
# of the note that must be there.
FAULTS = {}


def fault(word):
    def register(function):
        FAULTS[function.__name__] = (function, word)
        return function

    return register


def at(notebook, name):
    return next(n for n, cell in enumerate(notebook.cells) if cell.id == name)


def strip(notebook):
    """Removes all metadata and gives every cell another identifier."""
    for number, cell in enumerate(notebook.cells):
        cell.metadata, cell.id = nbformat.from_dict({}), f"new-{number}"


@fault("several times")
def a_stub_was_left_behind_the_answer(notebook, released):
    notebook.cells.insert(1, deepcopy(released.cells[0]))


@fault("several times")
def a_stub_was_left_at_the_end(notebook, released):
    notebook.cells.append(deepcopy(released.cells[0]))


@fault("several times")
def an_older_attempt_was_left_before_the_answer(notebook, released):
    older = deepcopy(notebook.cells[0])
    older.source, older.id = WRONG, "copy"
    notebook.cells.insert(0, older)


@fault("several times")
def the_answer_is_a_copy_at_the_end(notebook, released):
    notebook.cells.append(deepcopy(notebook.cells[0]))
    notebook.cells[-1].id = "copy"
    notebook.cells[0].source = WRONG


@fault("several times")
def an_older_attempt_stands_between_the_tests(notebook, released):
    older, newer = deepcopy(notebook.cells[0]), notebook.cells.pop(0)
    older.source = WRONG
    notebook.cells.insert(at(notebook, "double-check"), older)
    notebook.cells.append(newer)


@fault("several times")
def a_test_was_copied(notebook, released):
    notebook.cells.insert(0, deepcopy(notebook.cells[at(notebook, "double-tests")]))


@fault("missing")
def the_tests_were_deleted(notebook, released):
    notebook.cells = [cell for cell in notebook.cells if not cell.id.startswith("double-")]


@fault("joined")
def the_answer_was_split_inside_the_function(notebook, released):
    head, tail = deepcopy(notebook.cells[0]), notebook.cells[0]
    head.source, tail.source = RIGHT.rsplit("\n", 1)
    head.id = "upper"
    notebook.cells.insert(0, head)


@fault("joined")
def the_answer_was_split_and_the_upper_piece_lost_its_metadata(notebook, released):
    the_answer_was_split_inside_the_function(notebook, released)
    notebook.cells[0].metadata = nbformat.from_dict({})


@fault("several times")
def the_answer_was_split_between_functions(notebook, released):
    helper = deepcopy(notebook.cells[0])
    helper.source, helper.id = "def add(x, y):\n    return x + y", "upper"
    notebook.cells[0].source = "def double(x):\n    return add(x, x)"
    notebook.cells.insert(0, helper)


@fault("several times")
def the_answer_was_split_and_its_helper_comes_last(notebook, released):
    """Neither piece raises when it is defined, so their order does not matter to the student."""
    the_answer_was_split_between_functions(notebook, released)
    notebook.cells[0], notebook.cells[1] = notebook.cells[1], notebook.cells[0]


@fault("taken out")
def the_answer_was_merged_with_its_tests(notebook, released):
    tests = notebook.cells.pop(at(notebook, "double-tests"))
    notebook.cells[0].source += "\n" + tests.source


@fault("taken out")
def the_answer_was_merged_into_its_tests(notebook, released):
    cell = notebook.cells.pop(0)
    tests = notebook.cells[at(notebook, "double-tests")]
    tests.source = cell.source + "\n" + tests.source


@fault("another order")
def the_cells_were_reversed(notebook, released):
    notebook.cells.reverse()


@fault("another order")
def the_answer_was_moved_to_the_end(notebook, released):
    notebook.cells.append(notebook.cells.pop(0))


@fault("edited")
def the_tests_were_edited(notebook, released):
    notebook.cells[at(notebook, "double-tests")].source = "assert double(1) == 3"
    notebook.cells[at(notebook, "double-check")].source = ""


@fault("settings")
def the_points_were_changed(notebook, released):
    notebook.cells[at(notebook, "double-tests")].metadata.nbgrader.points = 100
    notebook.cells[at(notebook, "double-check")].metadata.nbgrader.points = "many"


@fault("settings")
def the_tests_were_declared_answers(notebook, released):
    about = notebook.cells[at(notebook, "double-check")].metadata.nbgrader
    about.solution, about.grade, about.locked = True, False, None


@fault("lost nbgrader's metadata")
def the_metadata_were_stripped(notebook, released):
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})


@fault("recognised")
def the_metadata_and_identifiers_were_stripped(notebook, released):
    strip(notebook)


@fault("recognised")
def everything_was_stripped_and_reversed(notebook, released):
    strip(notebook)
    notebook.cells.reverse()


@fault("recognised")
def everything_was_stripped_and_the_tests_edited(notebook, released):
    strip(notebook)
    for cell in notebook.cells:
        cell.source = cell.source.replace("Twice 1", "Twice one")


@fault("recognised")
def the_answer_was_deleted_and_written_into_a_new_cell(notebook, released):
    notebook.cells[0] = new_code_cell(RIGHT)


@fault("recognised")
def the_stub_was_stripped_and_stands_behind_the_answer(notebook, released):
    strip(notebook)
    notebook.cells.insert(1, new_code_cell(released.cells[0].source))


@fault("another type")
def the_answer_is_markdown(notebook, released):
    notebook.cells[0] = new_markdown_cell(RIGHT, id="double", metadata=notebook.cells[0].metadata)


@fault("another type")
def the_written_answer_is_code(notebook, released):
    why = at(notebook, "why")
    notebook.cells[why] = new_code_cell(WHY, id="why", metadata=notebook.cells[why].metadata)


@fault("Tags")
def the_tests_have_tags_that_overlook_errors(notebook, released):
    for cell in notebook.cells:
        cell.metadata.tags = ["raises-exception", "skip-execution"]


@fault("'R'")
def the_kernel_is_another_languages(notebook, released):
    notebook.metadata.kernelspec = {"name": "ir", "display_name": "R", "language": "R"}


@fault("damaged")
def the_cells_are_damaged(notebook, released):
    del notebook.cells[0]["cell_type"]
    notebook.cells[0]["source"] = [[line] for line in notebook.cells[0].source.splitlines(True)]
    notebook.cells[1]["metadata"] = None
    notebook.cells.insert(2, None)
    notebook.cells.append([1, 2])
    notebook.cells[at_damaged(notebook, "double-tests")]["outputs"] = "none"


def at_damaged(notebook, name):
    return next(
        n for n, cell in enumerate(notebook.cells) if isinstance(cell, dict) and cell["id"] == name
    )


def test_an_honest_notebook_stays_as_it_is(hand, honest):
    read = hand(honest)
    assert read.notes == []
    assert texts(read.notebook) == texts(honest)
    assert [cell.id for cell in read.notebook.cells] == [cell.id for cell in honest.cells]


def test_the_release_stays_as_it_is(hand, released):
    assert hand(released) == repair.Submission(released, [])


def test_the_real_lab_stays_as_it_is(multitask, tmp_path):
    released, answered = multitask
    for notebook in (released, answered):
        nbformat.write(notebook, tmp_path / "multitask.ipynb")
        assert read(tmp_path, "multitask", released) == repair.Submission(notebook, [])


def test_what_is_not_locked_may_be_edited_and_deleted(multitask, tmp_path):
    released, answered = multitask
    edited = deepcopy(answered)
    del edited.cells[at(edited, "shared_trunk-hint")]
    del edited.cells[at(edited, "masked_loss-try")]
    edited.cells[at(edited, "bland_altman-try")].source += "\nprint('looks good')"
    edited.cells.insert(3, new_code_cell("import math\n", id="import"))
    nbformat.write(edited, tmp_path / "multitask.ipynb")
    assert read(tmp_path, "multitask", released) == repair.Submission(edited, [])


def test_the_real_labs_answers_are_found_without_metadata(multitask, tmp_path):
    released, answered = multitask
    stripped = deepcopy(answered)
    strip(stripped)
    random.Random(0).shuffle(stripped.cells)
    nbformat.write(stripped, tmp_path / "multitask.ipynb")
    mended = read(tmp_path, "multitask", released).notebook
    code = variants.solutions(answered)
    # a shuffled written answer has no place left by which to know it
    del code["reflection"]
    assert {name: variants.solutions(mended)[name] for name in code} == code

    strip(answered := deepcopy(answered))
    nbformat.write(answered, tmp_path / "multitask.ipynb")
    mended = read(tmp_path, "multitask", released).notebook
    assert texts(mended) == texts(answered)


def test_the_real_labs_answers_merged_into_one_cell_are_found(multitask, tmp_path):
    released, answered = multitask
    merged = deepcopy(answered)
    everything = "\n".join(cell.source for cell in merged.cells[1:-2])
    merged.cells = [merged.cells[0], new_code_cell(everything), *merged.cells[-2:]]
    nbformat.write(merged, tmp_path / "multitask.ipynb")
    mended = read(tmp_path, "multitask", released).notebook
    found = variants.solutions(mended)
    solutions = variants.solutions(answered)
    assert list(found) == list(solutions)
    for name in list(solutions)[:-1]:
        assert solutions[name] in found["shared_trunk"]
        assert "raise NotImplementedError" not in found[name]
    compile(found["shared_trunk"], "cell", "exec")


@pytest.mark.parametrize("name", FAULTS)
def test_a_right_answer_keeps_all_its_points(hand, lab, honest, released, name, monkeypatch):
    monkeypatch.setenv("COURSE_CHECKS", str(lab.labs / "checks"))
    change, word = FAULTS[name]
    change(honest, released)
    mended = hand(honest)
    assert word in " ".join(mended.notes)
    nbformat.validate(mended.notebook)
    assert graded(lab, mended.notebook, in_this_process) == FULL
    assert [c.id for c in mended.notebook.cells if "nbgrader" in c.metadata] == [
        c.id for c in released.cells
    ]
    # reversed and without metadata, a written answer is only known to be among the other cells
    if name != "everything_was_stripped_and_reversed":
        assert variants.solutions(mended.notebook)["why"] == WHY
    assert WHY in [cell.source for cell in mended.notebook.cells]
    for cell, original in zip(
        [c for c in mended.notebook.cells if "nbgrader" in c.metadata], released.cells
    ):
        assert cell.metadata == original.metadata
        assert is_solution(cell) or cell == original
    assert not any("tags" in cell.metadata for cell in mended.notebook.cells)


@pytest.mark.parametrize("name", FAULTS)
def test_a_wrong_answer_gains_nothing(hand, lab, honest, released, name, monkeypatch):
    monkeypatch.setenv("COURSE_CHECKS", str(lab.labs / "checks"))
    change, _ = FAULTS[name]
    change(honest, released)
    wrong = json.loads(json.dumps(honest).replace("2 * x", "3 * x").replace("add(x, x)", "3 * x"))
    assert graded(lab, hand(wrong).notebook, in_this_process) == dict.fromkeys(FULL, 0)


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "the_answer_is_a_copy_at_the_end",
        "the_answer_was_split_inside_the_function",
        "the_answer_was_merged_into_its_tests",
        "everything_was_stripped_and_reversed",
        "the_tests_have_tags_that_overlook_errors",
        "the_kernel_is_another_languages",
        "the_cells_are_damaged",
    ],
)
def test_a_right_answer_keeps_its_points_in_a_kernel(
    hand, lab, honest, released, name, monkeypatch
):
    monkeypatch.setenv("COURSE_CHECKS", str(lab.labs / "checks"))
    FAULTS[name][0](honest, released)
    assert graded(lab, hand(honest).notebook, in_a_kernel) == FULL


def test_no_work_is_lost(hand, honest, released):
    """Every line that a student wrote is in the notebook that is graded."""
    older, helper = deepcopy(honest.cells[0]), new_code_cell("half = 1 / 2")
    older.source = WRONG
    honest.cells[:0] = [older, helper]
    honest.cells[at(honest, "double-tests")].source += "\nprint(double(5))"
    sources = [cell.source for cell in hand(honest).notebook.cells]
    assert sources.index(WRONG) < sources.index(RIGHT)
    assert helper.source in sources
    assert any("print(double(5))" in source for source in sources)


def test_a_deleted_answer_counts_as_not_given(hand, honest, released):
    for name in ("double", "why"):
        del honest.cells[at(honest, name)]
    mended = hand(honest)
    assert mended.notes == ["Answers were missing and count as not given: double, why."]
    assert variants.solutions(mended.notebook) == variants.solutions(released)


def test_a_merged_answer_to_two_questions_runs_once(tmp_path, lab, released):
    first = deepcopy(released.cells[0])
    second = deepcopy(first)
    second.source = second.source.replace("double", "triple").replace("Twice", "Thrice")
    second.id = second.metadata.nbgrader.grade_id = "triple"
    two = new_notebook(cells=[first, *released.cells[1:3], second, *released.cells[3:]])
    answered = deepcopy(two)
    merged = "runs = globals().get('runs', 0) + 1\n" + RIGHT + "\ndef triple(x):\n    return 3 * x"
    answered.cells[3].source = merged
    del answered.cells[0]
    nbformat.write(answered, tmp_path / "tiny.ipynb")
    mended = read(tmp_path, "tiny", two)
    namespace = {}
    for cell in mended.notebook.cells[:2] + mended.notebook.cells[3:-1]:
        exec(cell.source, namespace)
    assert (namespace["triple"](1), namespace["runs"]) == (3, 1)
    assert "'double'" in variants.solutions(mended.notebook)["triple"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "utf-32-le"])
def test_other_encodings_are_read(hand, honest, encoding):
    mended = hand(json.dumps(honest, ensure_ascii=False).encode(encoding))
    assert texts(mended.notebook) == texts(honest)
    assert len(mended.notes) == 1
    assert encoding[:6] in mended.notes[0]


def test_bytes_that_are_no_text_are_named(hand, honest):
    honest.cells[1].source = "# später"
    mended = hand(json.dumps(honest, ensure_ascii=False).encode("latin-1"))
    assert mended.notebook.cells[1].source == "# sp\ufffdter"
    assert "no text" in mended.notes[0]


def test_text_that_cannot_be_written_is_replaced(hand, honest):
    honest.cells[1].source = "'\ud800'"
    mended = hand(honest)
    assert "damaged" in mended.notes[0]
    nbformat.writes(mended.notebook).encode()


def test_older_formats_are_read(hand, honest):
    older = deepcopy(honest)
    older.nbformat_minor = 2
    for cell in older.cells:
        del cell["id"]
    assert texts(hand(older).notebook) == texts(honest)
    oldest = nbformat.convert(deepcopy(honest), 3)
    assert oldest.worksheets
    assert texts(hand(oldest).notebook) == texts(honest)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\0" * 100, "no notebook"),
        (b'{"cells": [{"cell_type": "code", "sour', "cut off"),
        (b"<html>Log in first</html>", "no notebook"),
        (b"[1, 2]", "has no cells"),
        (b'{"students": 3}', "has no cells"),
        (b'{"cells": null}', "no cell of this lab"),
        (b'{"worksheets": {"cells": 1}}', "no cell of this lab"),
        (b'{"cells": [{"cell_type": "code", "source": "1 + 1"}]}', "no cell of this lab"),
        (b"[" * 1_000_000, "nested"),
        (b'{"cells": [{"source": ' + b"[" * 5_000 + b"]" * 5_000 + b"}]}", "nested"),
        (b'{"cells": ' + b"9" * 5_000 + b"}", "no cell of this lab|no notebook"),
        (b'{"cells": [' + b"{}," * 1_000_000 + b"{}]}", "1000001 cells"),
        (b'{"cells": [' + b"0," * 10_000_000 + b"0]}", "values"),
        (b'{"cells": [{"source": "' + b"x" * 6_000_000 + b'"}]}', "characters"),
    ],
)
def test_what_is_no_notebook_is_named(hand, content, word):
    with pytest.raises(SubmissionError, match=word) as raised:
        hand(content)
    assert "tiny.ipynb" in str(raised.value)
    assert len(str(raised.value)) < 300


def test_a_huge_file_costs_no_memory(tmp_path, released):
    with open(tmp_path / "tiny.ipynb", "wb") as file:
        file.truncate(200_000_000)
    tracemalloc.start()
    with pytest.raises(SubmissionError, match=r"200 MB, allowed are 50 MB"):
        read(tmp_path, "tiny", released)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000


def test_huge_outputs_are_dropped(hand, honest):
    honest.cells[1].outputs = [
        {"output_type": "stream", "name": "stdout", "text": "x" * 40_000_000}
    ]
    mended = hand(honest)
    assert mended.notes == []
    assert len(nbformat.writes(mended.notebook)) < 10_000


def test_nothing_handed_in_is_named(tmp_path, released):
    with pytest.raises(SubmissionError, match="Nothing was handed in"):
        read(tmp_path / "nobody", "tiny", released)
    (tmp_path / "essay.pdf").write_text("")
    with pytest.raises(SubmissionError, match="no notebook among the files"):
        read(tmp_path, "tiny", released)


def test_a_folder_in_place_of_the_notebook_is_named(tmp_path, released):
    (tmp_path / "tiny.ipynb").mkdir()
    with pytest.raises(SubmissionError, match="a folder"):
        read(tmp_path, "tiny", released)


@pytest.mark.skipif(os.name != "posix", reason="needs links and pipes")
def test_links_and_pipes_are_not_opened(tmp_path, released, honest):
    nbformat.write(honest, tmp_path / "secret.ipynb")
    folder = tmp_path / "submitted"
    folder.mkdir()
    (folder / "tiny.ipynb").symlink_to(tmp_path / "secret.ipynb")
    with pytest.raises(SubmissionError, match="a link"):
        read(folder, "tiny", released)
    (folder / "tiny.ipynb").unlink()
    os.mkfifo(folder / "tiny.ipynb")
    with pytest.raises(SubmissionError, match="no ordinary file"):
        read(folder, "tiny", released)


NO_TIMES = {
    "a pipe": os.mkfifo if os.name == "posix" else Path.mkdir,
    "a link to what has no end": lambda path: path.symlink_to("/dev/zero"),
    "a link to a time": lambda path: path.symlink_to(path.with_name("other.txt")),
    "a folder": Path.mkdir,
    "a long file": lambda path: path.write_text("9" * 200_000),
    "nothing": lambda path: path.write_text(""),
    "no text": lambda path: path.write_bytes(b"\xff"),
    "a huge number": lambda path: path.write_text(f"Mar0:{'9' * 20}12{'9' * 20},"),
}


@pytest.mark.parametrize("name", NO_TIMES)
def test_a_time_is_read_from_a_short_file_only(tmp_path, name):
    (tmp_path / "other.txt").write_text("2026-03-01 12:00:00")
    path = tmp_path / "timestamp.txt"
    NO_TIMES[name](path)
    with pytest.raises(ValueError, match=r"timestamp\.txt holds no time"):
        repair.read_time(path)


@pytest.mark.parametrize(
    "text", ["2026-03-01 12:00:00", "2026-03-01T13:00:00+01:00\n", "2026-03-01 12:00:00 UTC"]
)
def test_a_time_is_read_as_nbgrader_reads_it(tmp_path, text):
    path = tmp_path / "timestamp.txt"
    assert repair.read_time(path) is None
    path.write_text(text)
    assert repair.read_time(path) == datetime(2026, 3, 1, 12)


@pytest.mark.parametrize("name", ["Tiny (1).ipynb", "tiny.ipynb.txt", "ada lovelace.ipynb"])
def test_a_renamed_notebook_is_taken(hand, honest, name):
    mended = hand(honest, name)
    assert mended.notes == [f"The notebook is called {name!r}, not 'tiny.ipynb'."]
    assert texts(mended.notebook) == texts(honest)


def test_of_several_notebooks_the_labs_is_taken(hand, honest, released):
    hand(released, "a.ipynb")
    mended = hand(honest)
    assert mended.notes == ["'tiny.ipynb' was graded, and not 'a.ipynb'."]
    assert texts(mended.notebook) == texts(honest)


def test_of_several_notebooks_the_one_with_most_answers_is_taken(hand, honest, released):
    hand(released, "a.ipynb")
    few = deepcopy(honest)
    del few.cells[2:]
    hand(few, "b.ipynb")
    mended = hand(honest, "c.ipynb")
    assert "'c.ipynb' was graded, and not 'a.ipynb', 'b.ipynb'." in mended.notes
    assert texts(mended.notebook) == texts(honest)


def test_another_notebook_stands_in_for_one_that_cannot_be_read(hand, honest):
    hand(honest, "tiny-1.ipynb")
    mended = hand(b"")
    assert texts(mended.notebook) == texts(honest)
    assert any("'tiny.ipynb' is empty" in note for note in mended.notes)


def test_identifiers_are_made_unique(hand, honest):
    for cell in honest.cells[1], honest.cells[3]:
        cell.id = "own-2"
    honest.cells.append(new_code_cell("", id="own-3"))
    honest.cells.append(new_code_cell(""))
    honest.cells[-1]["id"] = "not valid"
    mended = hand(honest).notebook
    nbformat.validate(mended)
    assert len({cell.id for cell in mended.cells}) == len(honest.cells) == len(mended.cells)


def test_attachments_of_a_written_answer_are_kept(hand, honest):
    picture = {"sketch.png": {"image/png": "iVBORw0KGgo="}}
    honest.cells[at(honest, "why")].attachments = picture
    mended = hand(honest).notebook
    assert mended.cells[at(mended, "why")].attachments == picture


JUNK = [None, True, -1, 1e300, "", "double", "\ud800", [], [[]], {}, {"cells": 1}, "x" * 1000]


def mutate(value, chance):
    """Replaces, removes or doubles something somewhere inside."""
    places = []
    stack = [value]
    while stack:
        inner = stack.pop()
        keys = inner if isinstance(inner, dict) else range(len(inner))
        places += [(inner, key) for key in keys]
        stack += [inner[key] for key in keys if isinstance(inner[key], dict | list)]
    where, key = chance.choice(places)
    action = chance.choice(["replace", "remove", "double", "swap"])
    if action == "remove":
        del where[key]
    elif action == "double" and isinstance(where, list):
        where.insert(key, deepcopy(where[key]))
    elif action == "swap":
        other, another = chance.choice(places)
        if another in other if isinstance(other, dict) else another < len(other):
            where[key] = deepcopy(other[another])
    else:
        where[key] = deepcopy(chance.choice(JUNK))


@pytest.mark.parametrize("seed", range(20))
def test_random_damage_is_mended_or_named(hand, lab, honest, released, seed):
    chance = random.Random(seed)
    for _ in range(25):
        notebook = json.loads(json.dumps(honest))
        for _ in range(chance.randint(1, 12)):
            mutate(notebook, chance)
        try:
            mended = hand(notebook).notebook
        except SubmissionError:
            continue
        nbformat.validate(mended)
        nbformat.writes(mended).encode()
        of_lab = [cell for cell in mended.cells if "nbgrader" in cell.metadata]
        assert [cell.metadata for cell in of_lab] == [cell.metadata for cell in released.cells]


@pytest.mark.parametrize("seed", range(10))
def test_damaged_bytes_are_read_or_named(hand, honest, seed):
    chance = random.Random(seed)
    content = json.dumps(honest).encode()
    for _ in range(25):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 5)):
            start = chance.randrange(len(damaged))
            damaged[start : start + chance.randrange(9)] = chance.randbytes(chance.randrange(9))
        with contextlib.suppress(SubmissionError):
            nbformat.writes(hand(bytes(damaged)).notebook).encode()
