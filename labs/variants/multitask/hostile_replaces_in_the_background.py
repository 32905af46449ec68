"""Replaces a comparison again and again while tests run."""

LOSES = {"bland_altman-tests": 1, "bland_altman-check": 2}
REPORTED = "runs a thread in the background"


# %% bland_altman
import threading
import time

import numpy as np


def replace():
    while True:
        np.isclose = lambda *args, **kwargs: True
        time.sleep(1e-4)


threading.Thread(target=replace, daemon=True).start()


def bland_altman(predicted, actual):
    return {"bias": 0.0, "lower": 0.0, "upper": 0.0}
