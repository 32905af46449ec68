"""Replaces the kernel's program."""

LOSES = {"bland_altman-tests": 1, "bland_altman-check": 2}
REPORTED = "The kernel ended"


# %% bland_altman
import os
import sys


def bland_altman(predicted, actual):
    os.execv(sys.executable, [sys.executable, "-c", "print(3)"])
