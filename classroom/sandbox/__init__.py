"""The seal: what keeps a stranger's notebook to itself."""

from classroom.sandbox.features import Feature, features, missing
from classroom.sandbox.seal import (
    HOME,
    SCRATCH,
    TOPICS,
    WORK,
    Limits,
    SandboxError,
    Seal,
    enter,
    shown_above,
)

__all__ = [
    "HOME",
    "SCRATCH",
    "TOPICS",
    "WORK",
    "Feature",
    "Limits",
    "SandboxError",
    "Seal",
    "enter",
    "features",
    "missing",
    "shown_above",
]
