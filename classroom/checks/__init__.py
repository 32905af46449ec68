"""Hidden checks: what the checks of a lab, and the cells that call them, are written with."""

from classroom.checks.hidden import Check, check, shown
from classroom.checks.plain_values import Array

__all__ = ["Array", "Check", "check", "shown"]
