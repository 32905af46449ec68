"""Leaves processes behind, of which one spins and one waits for others' files."""

LOSES = {"bland_altman-check": 3}
REPORTED = "starts, ends or signals processes: signal, os.fork"


# %% bland_altman
import os
import signal
import time

for number in range(2):
    if os.fork() == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        end = time.monotonic() + 60
        while time.monotonic() < end:
            if number:
                time.sleep(1)
        os._exit(0)


def bland_altman(predicted, actual):
    return {"bias": 0.0, "lower": 0.0, "upper": 0.0}
