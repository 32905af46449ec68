import json

from course_lib.classroom import outcomes
from course_lib.classroom.course import Course
from course_lib.classroom.outcomes import CellOutcome, Outcome


def test_an_outcome_is_read_as_it_was_written(tmp_path):
    course = Course(tmp_path)
    outcome = Outcome(
        "ada.b",
        "",
        1.5,
        "submission",
        "lab",
        ["mended"],
        ["cell double: could not be read"],
        {"double-check": CellOutcome(0.25, "Twice is twice.")},
    )
    outcomes.write(course, "tiny", outcome)
    assert outcomes.read(course, "tiny", "ada.b") == outcome
    assert outcomes.read_all(course, "tiny") == [outcome]
    assert outcomes.read(course, "tiny", "bob") is None


def test_files_of_other_versions_are_read(tmp_path):
    course = Course(tmp_path)
    folder = tmp_path / "labs" / "outcomes" / "tiny"
    folder.mkdir(parents=True)
    older = {"student": "ada", "fault": "broken", "seconds": 2.0, "submission": "s", "lab": "l"}
    older["suspicions"] = ["It opens a connection."]
    newer = {"student": "bob", "mood": "good", "cells": {"x": {"reason": "why", "tries": 3}}}
    (folder / "ada.json").write_text(json.dumps(older))
    (folder / "bob.json").write_text(json.dumps(newer))
    ada, bob = outcomes.read_all(course, "tiny")
    assert ada == Outcome("ada", "broken", 2.0, "s", "l", [], ["It opens a connection."], {})
    assert bob == Outcome("bob", "", 0.0, "", "", [], [], {"x": CellOutcome(0.0, "why")})
