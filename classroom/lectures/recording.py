"""Recording: running a lecture's experiments at full size, one row of its record per training."""

import importlib.util
import json
import os
import platform
import reprlib
import subprocess
import time
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from itertools import zip_longest
from pathlib import Path
from unittest import mock

import numpy as np
from joblib import Parallel, delayed

from course_lib import records

ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"), "1"
)
CODE = Path(records.__file__).parent
PACKAGES = ("numpy", "keras", "tensorflow", "jax", "torch", "scikit-learn", "statsmodels")


@dataclass(frozen=True)
class Recording:
    """The experiments of a lecture, and where their record is.

    Attributes:
        lecture: The lecture's name, with its number.
        module: Name of the module with `trials`, `tuning` and `train`.
        path: The record.
    """

    lecture: str
    module: str
    path: Path

    @cached_property
    def experiments(self):
        return importlib.import_module(self.module)

    def trials(self, seeds=None, tune=False):
        """Lists trainings.

        Args:
            seeds: Number of seeds; the experiments' own number if None.
            tune: Whether to list those that choose settings in place of those that are shown.

        Returns:
            List of tuples of purpose, seed and configuration, all seeds abreast.
        """
        if tune:
            return [("tuning", seed, configuration) for seed, configuration in self._tuning()]
        seeds = self.experiments.SEEDS if seeds is None else seeds
        abreast = zip_longest(*(self.experiments.trials(seed) for seed in range(seeds)))
        return [
            ("trial", seed, configuration)
            for configurations in abreast
            for seed, configuration in enumerate(configurations)
            if configuration is not None
        ]

    def _tuning(self):
        return getattr(self.experiments, "tuning", list)()

    def missing(self, trials):
        """Returns those of a list of trials that the record does not hold yet."""
        done = {records.key_of(row) for row in records.read(self.path)}
        return [trial for trial in trials if records.key(*trial) not in done]


def find(course, lecture):
    """Finds the experiments of a lecture.

    Args:
        course: A `Course`.
        lecture: The lecture's name, or a part of it that no other has.

    Returns:
        A `Recording`.

    Raises:
        ValueError: if no lecture or several are meant, or if it has no experiments.
    """
    names = [path.stem for path in sorted(course.notebooks.glob("*.ipynb"))]
    found = [name for name in names if lecture in name]
    if len(found) != 1:
        raise ValueError(
            f"{lecture!r} should be part of one lecture's name, but fits {found or 'none'}. There "
            f"are: {', '.join(names)}."
        )
    (name,) = found
    topic = name.split("_", 1)[1]
    if importlib.util.find_spec(f"course_lib.experiments.{topic}") is None:
        raise ValueError(
            f"Lecture {name} has no experiments: there is no module course_lib.experiments.{topic}."
        )
    path = course.root / "data" / "records" / f"{name}.jsonl"
    return Recording(name, f"course_lib.experiments.{topic}", path)


def run(recording, trials, jobs=1):
    """Runs trials and appends a row for each as soon as it has ended.

    Runs of the same record at once share the trials. At its end a run waits for those that others
    are at, and runs what they leave behind.

    Args:
        recording: A `Recording`.
        trials: List of trials, as `Recording.trials` lists them.
        jobs: Trainings that run at once; with several, each has one thread.

    Yields:
        Pairs of a trial and whether its row was new: another run may have been faster.

    Raises:
        ValueError: before the first trial if the record cannot be written; after the last one if
            results cannot be recorded, with all of them.
    """
    records.prepare(recording.path)
    at, faults = commit(), []
    with mock.patch.dict(os.environ, ONE_THREAD if jobs > 1 else {}):
        parallel = Parallel(n_jobs=jobs, return_as="generator_unordered")
        for wait in (False, True):
            calls = [delayed(measure)(recording, at, wait, *trial) for trial in trials]
            trials = []
            for trial, outcome in parallel(calls):
                if outcome is None:
                    trials.append(trial)
                elif isinstance(outcome, ValueError):
                    faults.append(str(outcome))
                else:
                    yield trial, outcome
    if faults:
        raise ValueError("\n".join([f"Trainings without a row: {len(faults)}.", *faults]))


def measure(recording, commit, wait, purpose, seed, configuration):
    """Runs one trial and appends its row, unless another run has done so or is at it.

    Args:
        recording: A `Recording`.
        commit: The commit of the code.
        wait: Whether to wait for another run that is at it.
        purpose: `"trial"` or `"tuning"`.
        seed: The seed.
        configuration: The configuration.

    Returns:
        The trial and whether its row was new. In place of the latter, None if another run is at
        it, or the ValueError that says why its result cannot be recorded.
    """
    trial = (purpose, seed, configuration)
    with records.claim(recording.path, records.key(*trial), wait) as ours:
        if not ours:
            return trial, None
        if not recording.missing([trial]):
            return trial, False
        import keras

        keras.utils.clear_session()  # else the networks of hundreds of trainings stay in memory
        start = time.perf_counter()
        result = recording.experiments.train(seed, **configuration)
        seconds = time.perf_counter() - start
        try:
            new = row(*trial, result, seconds, commit)
        except ValueError as error:
            return trial, error
        return trial, records.append(recording.path, new)


def row(purpose, seed, configuration, result, seconds, commit):
    """A row of a record.

    Args:
        purpose: `"trial"` or `"tuning"`.
        seed: The seed.
        configuration: The configuration.
        result: Dictionary with `measures` and, of what is trained in epochs, `curve`. Numbers may
            be NumPy's.
        seconds: How long it took.
        commit: The commit of the code.

    Returns:
        A dictionary of JSON values with the keys `records.FIELDS`.

    Raises:
        ValueError: if a measure or the curve is not finite or no JSON value, with its name.
    """
    measures, where = result["measures"], f"of seed {seed} with {configuration}"
    return {
        "purpose": purpose,
        "seed": seed,
        "configuration": configuration,
        "measures": {name: _json(measures[name], f"{name!r} {where}") for name in measures},
        "curve": _json(result.get("curve", []), f"The curve {where}"),
        "seconds": round(seconds, 2),
        "machine": machine(),
        "versions": versions(),
        "date": records.now(),
        "commit": commit,
    }


def _json(value, what):
    """A result as JSON values; a ValueError that says of what it is if it has none."""
    try:
        return json.loads(json.dumps(value, allow_nan=False, default=_of_numpy))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{what} should be finite numbers, but is {reprlib.repr(value)}: {error}. Mend "
            "`train`; `course record --resume` runs this training anew."
        ) from error


def _of_numpy(value):
    """A NumPy value as numbers and lists."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"it holds a {type(value).__name__}")


def machine():
    """The machine in words: cores, architecture, and the accelerator that Keras sees, if any."""
    import keras

    name = f"{os.cpu_count()} cores, {platform.machine()}"
    if keras.backend.backend() == "jax":
        import jax

        device = jax.devices()[0]
        return f"{device.device_kind}, {name}" if device.platform != "cpu" else name
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        if tf.config.list_physical_devices("GPU"):
            gpu = tf.config.list_physical_devices("GPU")[0]
            kind = tf.config.experimental.get_device_details(gpu).get("device_name", "GPU")
            return f"{kind}, {name}"
    return name


def versions():
    """Dictionary from what a result may depend on to its version."""
    import keras

    found = {"backend": keras.backend.backend(), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit(code=CODE):
    """The commit of a folder of code.

    Args:
        code: The folder; that of `course_lib` if not given.

    Returns:
        The commit's short name, with `-dirty` if files of the folder differ from it (a record has
        no say); "" outside git or without it.
    """
    name = _git(code, "describe", "--always", "--exclude=*")
    return f"{name}-dirty" if name and _git(code, "status", "--porcelain", ".") else name


def _git(folder, *command):
    """What git prints; "" if it fails or is not there."""
    command = ["git", "--no-optional-locks", *command]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True).stdout.strip()
    except FileNotFoundError:
        return ""
