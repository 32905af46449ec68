"""Every method keeps every promise, or refuses it in words."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import pytest

from tests.contract import table
from tests.contract.methods import METHODS, asked
from tests.contract.promises import PROMISES, compiled, fit, sentences

BACKEND = keras.backend.backend()


HOW = "run `make tables`"


def promises_of_methods():
    for case in METHODS.values():
        for promise in PROMISES.values():
            if promise.where(case):
                # Promises of one case share some trainings, and so a process.
                marks = [pytest.mark.xdist_group(f"contract of {case.name}")]
                marks += [pytest.mark.slow] * (case.slow or promise.slow)
                yield pytest.param(case, promise, id=f"{case.name}-{promise.name}", marks=marks)


@pytest.mark.parametrize(("case", "promise"), list(promises_of_methods()))
def test_a_promise_is_kept_or_refused_in_words(case, promise, tmp_path, record_property):
    record_property("method", case.name)
    record_property("promise", promise.name)
    words = case.refuses.get(BACKEND) or case.refuses.get(promise.name)
    if words is None:
        promise.keep(case, tmp_path)
        return
    with pytest.raises((ValueError, NotImplementedError), match=words) as refusal:
        promise.keep(case, tmp_path)
    record_property("refused", str(refusal.value))


@pytest.mark.parametrize("case", METHODS.values(), ids=METHODS)
def test_a_case_says_whether_it_draws(case):
    if BACKEND in case.refuses:
        pytest.skip(f"{case.name} does not run on {BACKEND}")
    model = compiled(case)
    seeds = [v for v in model.variables if v.path.endswith("seed_generator_state")]
    before = [keras.ops.convert_to_numpy(seed).tolist() for seed in seeds]
    fit(model, *case.data(4))
    after = [keras.ops.convert_to_numpy(seed).tolist() for seed in seeds]
    assert (after != before) == case.draws


def test_cases_refuse_what_there_is():
    asked = {*PROMISES, *table.BACKENDS}
    assert {name: set(case.refuses) - asked for name, case in METHODS.items()} == {
        name: set() for name in METHODS
    }


def test_the_table_names_the_methods_and_promises_that_there_are():
    found = table.load()
    assert {name: list(kept) for name, kept in found["tensorflow"].items()} == asked(), HOW
    assert table.TABLE.read_text(encoding="utf-8") == table.text_of(found, sentences()), HOW


@pytest.mark.slow
@pytest.mark.skipif(BACKEND != "tensorflow", reason="is this suite, run by itself elsewhere")
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_promises_are_kept_on_another_backend(backend, tmp_path, found, request):
    if not find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    results = tmp_path / "found.json"
    command = [sys.executable, "-m", "pytest", Path(__file__), "-p", "no:cacheprovider"]
    names = request.config.getoption("keyword") or "test"
    selection = ["-k", f"({names}) and (is_kept or draws)", f"--contract-found={results}"]
    if not request.config.getoption("contract_table"):
        selection += ["-m", "not slow"]
    fast = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}  # of the compiler, which takes most of the time
    done = subprocess.run(
        [*command, *selection],
        env={**os.environ, **fast, "KERAS_BACKEND": backend},
        capture_output=True,
        text=True,
    )
    assert results.exists(), done.stdout + done.stderr
    found.update(table.load(results))
    assert done.returncode == 0, done.stdout
