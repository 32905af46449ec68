"""Ends the kernel when it is tested."""

LOSES = {"bland_altman-tests": 1, "bland_altman-check": 2}
REPORTED = "The kernel ended"


# %% bland_altman
import os


def bland_altman(predicted, actual):
    os._exit(0)
