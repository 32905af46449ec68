"""Trainings, two at a time."""

import os
from unittest import mock

from joblib import Parallel, delayed

JOBS = 2


def run_all(run, trials):
    """What a function returns for each of many tuples of arguments, in their order."""
    one_thread = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1")
    with mock.patch.dict(os.environ, one_thread):
        return Parallel(n_jobs=JOBS)(delayed(run)(*trial) for trial in trials)
