import pytest
from nbformat.v4 import new_notebook
from nbgrader.preprocessors import AssignLatePenalties
from traitlets import TraitError
from traitlets.config import Config

from classroom.results.gradebook import read_scores
from classroom.results.late_penalty import LatePenalty

HOUR, DAY = 3600, 24 * 3600


@pytest.mark.parametrize(
    ("rule", "score", "late", "penalty"),
    [
        ({}, 10, 3 * DAY, 0),
        ({"per_day": 2}, 10, 1, 2),
        ({"per_day": 2}, 10, DAY, 2),
        ({"per_day": 2}, 10, DAY + 1, 4),
        ({"per_day": 2}, 3, 9 * DAY, 3),
        ({"per_day": 2, "maximum": 5}, 10, 9 * DAY, 5),
        ({"per_day": 10, "unit": "percent"}, 8, 2 * DAY, 1.6),
        ({"per_day": 10, "unit": "percent", "maximum": 50}, 8, 30 * DAY, 4),
        ({"per_day": 60, "unit": "percent"}, 8, 2 * DAY, 8),
        ({"per_day": 2, "grace": 60}, 10, HOUR, None),
        ({"per_day": 2, "grace": 60}, 10, HOUR + 1, 2),
        ({"per_day": 2, "grace": 60}, 10, DAY + 1, 4),
    ],
)
def test_days_that_began_cost_points(rule, score, late, penalty):
    plugin = LatePenalty(config=Config(LatePenalty=rule))
    assert plugin.late_submission_penalty("ada", score, late) == penalty


@pytest.mark.parametrize("rule", [{"unit": "euros"}, {"per_day": -1}, {"grace": -1}])
def test_a_rule_that_makes_no_sense_is_refused(rule):
    with pytest.raises(TraitError):
        LatePenalty(config=Config(LatePenalty=rule))


@pytest.mark.parametrize(
    ("extension", "penalty"), [(None, 2), ({"days": 1}, 1), ({"days": 2}, None)]
)
def test_nbgrader_takes_the_points_off(lab, extension, penalty):
    """Two points for a submission of two that is a day and an hour late."""
    with lab.gradebook("tiny") as gradebook:
        gradebook.update_or_create_assignment("tiny", duedate="2026-11-20 12:00 UTC")
        gradebook.update_or_create_student("ada")
        gradebook.update_or_create_submission("tiny", "ada", timestamp="2026-11-21 13:00 UTC")
        if extension:
            gradebook.grant_extension("tiny", "ada", **extension)
        for cell, points in {"double-tests": 1, "double-check": 1, "why": 0}.items():
            gradebook.find_grade(cell, "tiny", "tiny", "ada").auto_score = points
        gradebook.db.commit()
        address = str(gradebook.engine.url)
    config = Config(
        AssignLatePenalties={"plugin_class": "classroom.results.late_penalty.LatePenalty"},
        LatePenalty={"per_day": 1, "grace": 15},
    )
    about = {"student": "ada", "assignment": "tiny", "notebook": "tiny", "db_url": address}
    AssignLatePenalties(config=config).preprocess(new_notebook(), {"nbgrader": about})
    with lab.gradebook("tiny") as gradebook:
        submission = gradebook.find_submission_notebook("tiny", "tiny", "ada")
        assert submission.late_submission_penalty == penalty
    assert read_scores(lab, "tiny").penalties == [penalty or 0]
