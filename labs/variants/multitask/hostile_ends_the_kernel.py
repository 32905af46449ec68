"""Ends the kernel, or replaces its program, when it is checked."""

LOSES = {"bland_altman-check": 3}
REPORTED = "The kernel ended"


# %% bland_altman
import os
import sys


def bland_altman(predicted, actual):
    if len(actual) > 3:
        os.execv(sys.executable, [sys.executable, "-c", "print(3)"])
    os._exit(0)
