"""Timing."""

import time
from statistics import median


def seconds(run, repeat):
    """Runs something several times; returns the seconds of each run, sorted."""
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return sorted(times)


def spread(times, unit="s", scale=1):
    """Median, smallest and largest of some times, as text."""
    low, middle, high = (scale * value for value in (times[0], median(times), times[-1]))
    return f"{middle:.3g} {unit} ({low:.3g} to {high:.3g})"
