"""Reaches for the interpreter's memory with compiled code."""

LOSES = {"bland_altman-tests": 1, "bland_altman-check": 2}
REPORTED = "loads compiled code"


# %% bland_altman
import ctypes

library = ctypes.CDLL(None)
assert library.getpid() > 0


def bland_altman(predicted, actual):
    return {"bias": 0.0, "lower": 0.0, "upper": 0.0}
