"""One submission on its way through the grader."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from classroom.cleaning import clean_line
from classroom.results.outcomes import Outcome
from classroom.submissions.read_cells import SubmissionError


@dataclass(frozen=True)
class Attempt:
    """A submission, and what is known about it so far: `prepare`, `run` and `record` hand it on.

    Attributes:
        outcome: Its `Outcome`, with the student's identifier, notes and hints.
        notebooks: Dictionary from the names of its notebooks to these as JSON: mended and with the
            lab's own cells, later with their outputs. Empty if nothing can be graded.
        missing: Names of the lab's notebooks that were not handed in, and are worth nothing. What
            is neither here nor there cannot be read, and waits for a person.
        files: Files beside it, by their relative paths.
        handed_in: When it was handed in, in UTC; None if that is not known.
        is_readable: Whether what was handed in could be read, so that the gradebook has it.
    """

    outcome: Outcome
    notebooks: dict[str, str] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    files: dict[str, bytes] = field(default_factory=dict)
    handed_in: datetime | None = None
    is_readable: bool = False

    @property
    def student(self):
        """Identifier of the student."""
        return self.outcome.student

    def failed(self, error):
        """Returns the attempt as one that cannot be graded, for the reason that an error gives."""
        words = str(error) if isinstance(error, SubmissionError) else repr(error)
        outcome = replace(self.outcome, fault=clean_line(words, 500))
        return replace(self, outcome=outcome, notebooks={})
