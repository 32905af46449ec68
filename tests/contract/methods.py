"""All methods that are held to the promises: the lists `CASES` of the modules in `cases/`."""

import importlib
from pathlib import Path

TOPICS = sorted(path.stem for path in (Path(__file__).parent / "cases").glob("*.py"))
METHODS = {
    case.name: case
    for topic in TOPICS
    for case in importlib.import_module(f"tests.contract.cases.{topic}").CASES
}
