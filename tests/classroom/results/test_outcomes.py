import json
import os
from dataclasses import asdict

import pytest

from classroom.course import Course
from classroom.results import outcomes
from classroom.results.outcomes import CellOutcome, Outcome

OUTCOME = Outcome(
    "ada.b",
    "",
    1.5,
    "submission",
    "lab",
    ["mended"],
    ["cell double: could not be read"],
    {"double-check": CellOutcome(0.25, "Twice is twice.")},
)


def test_an_outcome_is_read_as_it_was_written(tmp_path):
    course = Course(tmp_path)
    outcomes.write(course, "tiny", OUTCOME)
    assert outcomes.read(course, "tiny", "ada.b") == OUTCOME
    assert outcomes.read_all(course, "tiny") == [OUTCOME]
    assert outcomes.read(course, "tiny", "bob") is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff",
        b"null",
        b"[]",
        b'{"student": "bob"}',
        json.dumps({**asdict(OUTCOME), "mood": "good"}).encode(),
        json.dumps({**asdict(OUTCOME), "cells": []}).encode(),
        json.dumps({**asdict(OUTCOME), "cells": {"x": {"reason": "why", "tries": 3}}}).encode(),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_counts_for_nothing(tmp_path, caplog, content):
    course = Course(tmp_path)
    outcomes.write(course, "tiny", OUTCOME)
    (tmp_path / "labs/outcomes/tiny/bob.json").write_bytes(content)
    assert outcomes.read(course, "tiny", "bob") is None
    assert f"outcomes{os.sep}tiny{os.sep}bob.json" in caplog.text
    assert outcomes.read_all(course, "tiny") == [OUTCOME]
