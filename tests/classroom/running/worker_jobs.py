"""Jobs for the tests of `workers`, in a module that workers can import."""

import os
import signal
import time
from pathlib import Path

from classroom.running.workers import gpu


def double(number, folder=None, seconds=0.0):
    """Twice a number; leaves a file `NUMBER-PID` in the folder when it starts."""
    if folder:
        Path(folder, f"{number}-{os.getpid()}").touch()
    time.sleep(seconds)
    return 2 * number


def die(folder):
    """Kills the worker that runs it."""
    Path(folder, f"died-{os.getpid()}").touch()
    os.kill(os.getpid(), signal.SIGKILL)


def fail():
    raise ValueError("the job's own trouble")


def use_gpu(part, seconds=0.3):
    """Uses a GPU for a while; returns its environment with the start and the end."""
    with gpu(part) as environment:
        start = time.time()
        time.sleep(seconds)
        return environment, start, time.time()
