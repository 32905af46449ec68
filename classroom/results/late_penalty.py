"""Points off for handing in late, as a plugin of nbgrader's.

The lab's date due is the gradebook's (formgrader, or `nbgrader db assignment add LAB --duedate`),
as are extensions that a student was given; the time of a submission is in its `timestamp.txt`. The
rule is in `labs/nbgrader_config.py`:

```
c.AssignLatePenalties.plugin_class = "classroom.results.late_penalty.LatePenalty"
c.LatePenalty.per_day = 10
c.LatePenalty.unit = "percent"
c.LatePenalty.grace = 15
c.LatePenalty.maximum = 50
```
"""

import math

from nbgrader.plugins import BasePlugin
from traitlets import Enum, Float

DAY = 24 * 60 * 60


class LatePenalty(BasePlugin):
    """Takes points off for every day that has begun since the lab was due."""

    per_day = Float(0.0, min=0.0, help="What a day costs, in `unit`.").tag(config=True)
    unit = Enum(
        ("points", "percent"),
        "points",
        help="points, or percent of those that the submission has when it is graded.",
    ).tag(config=True)
    grace = Float(
        0.0,
        min=0.0,
        help="Minutes after the date due that cost nothing. Whoever is later pays from that date.",
    ).tag(config=True)
    maximum = Float(math.inf, min=0.0, help="What is taken off at most, in `unit`.").tag(
        config=True
    )

    def late_submission_penalty(self, student_id, score, total_seconds_late):
        """Called by nbgrader for a submission that is late.

        Args:
            student_id: Identifier of the student.
            score: Points that the submission has so far.
            total_seconds_late: Seconds since the date due, the student's extension included.

        Returns:
            Points to take off, at most the score; None for none.
        """
        if total_seconds_late <= 60 * self.grace:
            return None
        penalty = min(self.maximum, self.per_day * math.ceil(total_seconds_late / DAY))
        return min(score, penalty if self.unit == "points" else score * penalty / 100)
