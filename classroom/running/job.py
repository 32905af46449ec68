"""What is sent to a worker, and what comes back."""

from dataclasses import dataclass, field

from classroom.results.outcomes import CellOutcome
from classroom.sandbox import Limits


@dataclass(frozen=True)
class Bounds:
    """What a submission may use up.

    Attributes:
        cell: Seconds of processor time of a cell, with all that it starts; one that gets less than
            a tenth of a processor may last as long.
        notebook: Seconds of the whole notebook, restarts of its kernel included.
        output: Characters of a cell's output that are kept, a tenth of those of a notebook; the
            cell is interrupted at a hundred times as many.
    """

    cell: float = 120
    notebook: float = 900
    output: int = 200_000


@dataclass(frozen=True)
class Job:
    """One notebook of a submission to run.

    Attributes:
        notebook: The sanitized notebook, as JSON.
        checks: Source of the lab's hidden checks.
        seed: Seed of the hidden inputs.
        files: Files that lie beside the notebook, by their relative paths.
        sealed: Whether its kernel is sealed off.
        bounds: What it may use up.
        limits: What its processes may use up.
        gpus: Part of a GPU that it needs.
    """

    notebook: str
    checks: str
    seed: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    sealed: bool = True
    bounds: Bounds = field(default_factory=Bounds)
    limits: Limits = field(default_factory=Limits)
    gpus: float = 0


@dataclass(frozen=True)
class Executed:
    """A notebook that was run.

    Attributes:
        notebook: The executed notebook, as JSON; its test cells hold the verdicts as outputs.
        seconds: Time that it took.
        cells: What became of each graded cell.
        notes: What was odd, in words.
        slowest: Time that its slowest cell or hidden check took.
    """

    notebook: str
    seconds: float
    cells: dict[str, CellOutcome]
    notes: list[str]
    slowest: float
