"""All methods that are held to the promises: the lists `CASES` of the modules in `cases/`."""

import importlib
from pathlib import Path

from tests.contract.promises import PROMISES

TOPICS = sorted(path.stem for path in (Path(__file__).parent / "cases").glob("*.py"))
METHODS = {
    case.name: case
    for topic in TOPICS
    for case in importlib.import_module(f"tests.contract.cases.{topic}").CASES
}


def asked():
    """The promises that apply to each method, a dictionary from method to names."""
    return {
        name: [promise.name for promise in PROMISES.values() if promise.where(case)]
        for name, case in METHODS.items()
    }
