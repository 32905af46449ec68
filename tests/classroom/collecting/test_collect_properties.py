"""Generated classes in generated archives: nobody lost, doubled, or in another's place."""

import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.collecting.collect import collect
from classroom.collecting.file_names import make_identifier
from classroom.collecting.roster import import_roster
from classroom.course import Course
from tests.classroom.collecting.conftest import notebook, pack

QUICK = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
WORDS = ["Ada", "ada", "Anna", "Maria", "Anna-Maria", "O'Neil", "Jürgen", "Ñandú", "Łukasz"]
WORDS += ["Berg,", "von", "李", "Иван", "LATE", "Gruppe 3", "2", "file", "tiny", "x" * 40, "E. T."]
SEPARATORS = [" ", "-", "  ", "_", ". "]
NAMES = st.builds(
    lambda words, separator, form: unicodedata.normalize(form, separator.join(words)),
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=3),
    st.sampled_from(SEPARATORS),
    st.sampled_from(["NFC", "NFD"]),
)
# How a platform writes a student's file: with {name}, {number} and {file}.
LAYOUTS = {
    "Moodle": "{clean}_{number}_assignsubmission_file_/{file}",
    "Moodle 4": "{clean}_{number}_assignsubmission_file/lab 1/{file}",
    "Moodle without folders": "{clean}_{number}_assignsubmission_file_{flat}",
    "Moodle in a folder": "Lab 1/{clean}_{number}_assignsubmission_file_/{file}",
    "Canvas": "{squashed}_LATE_{number}_{attachment}_{flat}",
    "Canvas anonymous": "anon_a{number}_{attachment}_{flat}",
    "Blackboard": "Lab 1_u{number}_attempt_2026-03-01-12-00-00_{flat}",
}
IDENTIFIERS = {"Canvas anonymous": "anon_a{}", "Blackboard": "u{}"}
FILES = ["tiny.ipynb", "tiny (1).ipynb", "TINY.IPYNB", "my work.ipynb.txt", "101_102_tiny.ipynb"]
BESIDE = ["helper.py", "data/x.csv", "essay.pdf", "timestamp.txt", ".hidden", "__MACOSX/._a"]


@pytest.fixture(scope="module")
def new_course(tmp_path_factory):
    """Function that makes a course with a lab of the given notebooks, `tiny` by itself.

    All share a gradebook, which is slow to make.
    """
    database = tmp_path_factory.mktemp("gradebook") / "gradebook.db"

    def make(root, names=("tiny",)):
        source = Path(root) / "labs/source/tiny"
        source.mkdir(parents=True)
        for name in names:
            (source / f"{name}.ipynb").write_text(notebook(name))
        config = f"c = get_config()\nc.CourseDirectory.db_url = 'sqlite:///{database}'\n"
        (Path(root) / "labs/nbgrader_config.py").write_text(config)
        return Course(Path(root))

    return make


@st.composite
def classes(draw):
    """A layout; of each student number, name, file and what is beside; whether each packed it."""
    layout = draw(st.sampled_from(sorted(LAYOUTS)))
    numbers = draw(st.lists(st.integers(101, 999), min_size=2, max_size=5, unique=True))
    students = [
        (number, draw(NAMES), draw(st.sampled_from(FILES)), draw(st.lists(st.sampled_from(BESIDE))))
        for number in numbers
    ]
    return layout, students, draw(st.booleans())


def write(layout, number, name, file):
    """A student's file as a platform calls it."""
    squashed = "".join(letter for letter in name if letter.isalnum()).lower()
    return LAYOUTS[layout].format(
        clean=name.replace("_", " ").replace("'", ""),
        squashed=squashed,
        number=number,
        attachment=10_000 + number,
        file=file,
        flat=file.replace("/", "-"),
    )


def archive_of(layout, students, nested):
    """The files of an archive, in which a student's own may be packed once more."""
    files = {}
    for number, name, file, besides in students:
        own = {file: f"work of {number}"} | dict.fromkeys(besides, f"beside {number}")
        if nested:
            files[write(layout, number, name, "work.zip")] = pack(own)
        else:
            files |= {write(layout, number, name, path): content for path, content in own.items()}
    return files


def stored(course):
    """What is in `labs/`, with hidden files and the times of changes."""
    paths = [path for path in course.labs.rglob("*") if path.is_file()]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def handed_in(course):
    """Dictionary from students to the texts of their notebooks."""
    paths = course.labs.glob("submitted/*/tiny/tiny.ipynb")
    return {path.parts[-3]: path.read_text() for path in paths}


@QUICK
@given(drawn=classes())
def test_nobody_is_lost_doubled_or_in_anothers_place(new_course, drawn):
    layout, students, _ = drawn
    with tempfile.TemporaryDirectory() as root:
        course = new_course(root)
        archive = Path(root, "export.zip")
        archive.write_bytes(pack(archive_of(*drawn)))
        collected = collect(course, "tiny", archive)
        identifier = IDENTIFIERS.get(layout, "{}").format
        assert handed_in(course) == {identifier(n): f"work of {n}" for n, *_ in students}
        for path in course.labs.glob("submitted/*/tiny/**/*"):
            if path.is_file() and path.name not in ("tiny.ipynb", "timestamp.txt"):
                student = path.relative_to(course.labs / "submitted").parts[0]
                assert path.read_text() == f"beside {student.removeprefix(identifier(''))}"
        assert all(item.student for item in collected)
        assert all(item.reason for item in collected if item.status == "skipped")
        before = stored(course)
        again = collect(course, "tiny", archive)
        assert stored(course) == before
        assert {item.status for item in again} <= {"unchanged", "skipped"}


@QUICK
@given(names=st.lists(NAMES, min_size=2, max_size=6), nested=st.booleans())
def test_folders_of_students_are_collected_or_named(new_course, names, nested):
    files = {}
    for number, name in enumerate(names):
        path = f"{name}.zip" if nested else f"{name}/tiny.ipynb"
        files[path] = pack({"tiny.ipynb": f"work of {number}"}) if nested else f"work of {number}"
    of = {unicodedata.normalize("NFC", name): number for number, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as root:
        course = new_course(root)
        archive = Path(root, "export.zip")
        archive.write_bytes(pack(files))
        collected = collect(course, "tiny", archive)
        assert len(collected) == len(files)
        found = handed_in(course)
        assert len({*found.values()}) == len(found)
        identifiers = [make_identifier(name).casefold() for name in of]
        for name in of:
            student = make_identifier(name)
            alone = identifiers.count(student.casefold()) == 1
            works = {f"work of {n}" for n, other in enumerate(names) if _same(name, other)}
            assert found.get(student) in (works if alone else {None})
        assert all(item.reason for item in collected if item.status == "skipped")
        before = stored(course)
        collect(course, "tiny", archive)
        assert stored(course) == before


def _same(one, other):
    return unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)


@QUICK
@given(drawn=classes(), known=st.sets(st.integers(0, 4)))
def test_a_roster_holds_strangers_and_nobody_else(new_course, drawn, known):
    layout, students, _ = drawn
    if layout == "Canvas anonymous":
        layout = "Blackboard"
    with tempfile.TemporaryDirectory() as root:
        course = new_course(root)
        members = [student for place, student in enumerate(students) if place in known]
        rows = [f'u{number},"{name}"' for number, name, *_ in members]
        Path(root, "class.csv").write_text("\n".join(["student,name", "none,Nobody Here", *rows]))
        import_roster(course, Path(root, "class.csv"))
        archive = Path(root, "export.zip")
        archive.write_bytes(pack(archive_of(layout, students, False)))
        collected = collect(course, "tiny", archive)
        found = handed_in(course)
        for student, work in found.items():
            assert student in {f"u{number}" for number, *_ in members}
            # Elsewhere the roster knows the name alone, which several may have.
            assert work == f"work of {student[1:]}" or layout != "Blackboard"
        held = {path.read_text() for path in course.labs.glob("held/tiny/*/*")}
        skipped = [item for item in collected if item.status == "skipped"]
        for number, *_ in students:
            places = [f"work of {number}" in held, f"work of {number}" in found.values()]
            assert sum(places) == 1 or any(item.student and item.reason for item in skipped)
        before = stored(course)
        collect(course, "tiny", archive)
        assert stored(course) == before


# Of each archive, its day, and what ada's copies of some of the lab's notebooks are called.
ARCHIVES = st.lists(
    st.tuples(
        st.integers(1, 28),
        st.dictionaries(
            st.sampled_from(["one", "two"]), st.sampled_from(["{}", "{} (1)", "my {}"]), min_size=1
        ),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda drawn: drawn[0],
)


@QUICK
@given(drawn=ARCHIVES, by_cells=st.booleans(), is_timed=st.booleans())
def test_of_each_notebook_the_newest_stays_in_whatever_order(new_course, drawn, by_cells, is_timed):
    with tempfile.TemporaryDirectory() as root:
        course, newest = new_course(root, ("one", "two")), {}
        for day, called in drawn:
            files = {}
            for name, form in called.items():
                work = notebook(name, f"of day {day}") if by_cells else f"{name} of day {day}"
                before = f"Lab_ada_attempt_2026-03-{day:02}-12-00-00_" if is_timed else "ada/"
                files[f"{before}{form.format(name)}.ipynb"] = work
                newest[name] = max(newest.get(name, (0, "")), (day, work))
            archive = Path(root, "export.zip")
            archive.write_bytes(pack(files, (2026, 3, day if not is_timed else 1, 12, 0, 0)))
            collected = collect(course, "tiny", archive)
            assert not any(item.reason for item in collected)
            folder = course.labs / "submitted/ada/tiny"
            found = {path.stem: path.read_text() for path in folder.glob("*.ipynb")}
            assert found == {name: work for name, (_, work) in newest.items()}
            stamps = [path.read_text()[:10] for path in folder.glob("timestamp.txt")]
            last = max(day for day, _ in newest.values())
            assert stamps == ([f"2026-03-{last:02}"] if is_timed else [])
            before = stored(course)
            collect(course, "tiny", archive)
            assert stored(course) == before
