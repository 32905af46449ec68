"""Leaves a process behind that waits for others' files."""

LOSES = {"bland_altman-tests": 1, "bland_altman-check": 2}
REPORTED = "starts a process"


# %% bland_altman
import os
import time

if os.fork() == 0:
    os.setsid()
    for second in range(600):
        time.sleep(1)
    os._exit(0)


def bland_altman(predicted, actual):
    return {"bias": 0.0, "lower": 0.0, "upper": 0.0}
