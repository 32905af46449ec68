"""The bundle that students get."""

import zipfile

from classroom.labs.release import release

# What the commands of students are made of.
COMMANDS = [
    f"classroom/{part}"
    for part in (
        "__init__.py",
        "catalogue/__init__.py",
        "catalogue/lectures.py",
        "catalogue/own_notebooks.py",
        "catalogue/turns.py",
        "checks/__init__.py",
        "checks/hidden.py",
        "checks/kernel_side.py",
        "checks/plain_values.py",
        "cleaning.py",
        "course.py",
        "doctor.py",
        "markdown.py",
        "pages.py",
        "reasons.py",
        "cli/__init__.py",
        "cli/data.py",
        "cli/lectures.py",
        "cli/student.py",
        "cli/terminal.py",
        "compat/__init__.py",
        "compat/multiprocessing.py",
        "compat/nbformat.py",
        "compat/nbgrader.py",
        "kernels",
        "labs/__init__.py",
        "labs/lab_notebook.py",
        "labs/self_check.py",
        "lectures/__init__.py",
        "lectures/lecture_cells.py",
        "lectures/lecture_pages.py",
        "lectures/run_lectures.py",
        "results/__init__.py",
        "results/outcomes.py",
        "running/__init__.py",
        "running/cell_outputs.py",
        "running/graded_cells.py",
        "running/job.py",
        "running/kernel_session.py",
        "running/notebook_run.py",
        "running/workers.py",
        "sandbox",
        "submissions/__init__.py",
        "submissions/match_cells.py",
        "submissions/read_cells.py",
        "submissions/repair.py",
        "templates",
    )
]


def bundle(course, path):
    """Packs what students get: lectures, released labs, `course_lib` and the set-up files.

    Of `classroom` they get what `COMMANDS` need: `course check`, lectures, data. Each lab is there
    twice: in `labs/LAB/` to be solved, and in `labs/release/LAB/` as it was given out, for checks.

    Args:
        course: A `Course`; all its labs are released.
        path: The zip file to write.

    Returns:
        The path.
    """
    files = {}
    for lab in course.lab_names():
        release(course, lab)
        for name in course.notebook_names(lab):
            released = course.released(lab, name)
            files |= {f"labs{part}/{lab}/{name}.ipynb": released for part in ("", "/release")}
    files["README.md"] = course.root / "docs" / "students.md"
    for name in (
        "LICENSE",
        "Makefile",
        "course",
        "course.cmd",
        "pyproject.toml",
        "constraints.txt",
        "environment.yml",
        "labs/nbgrader_config.py",
    ):
        files[name] = course.root / name
    for folder in ("course_lib", "notebooks", "data", *COMMANDS):
        place = course.root / folder
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            if file.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts):
                files[file.relative_to(course.root).as_posix()] = file
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with zipfile.ZipFile(new, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, file in files.items():
            archive.write(file, f"course/{name}")
    new.replace(path)
    return path
