"""Options of the contract suite, which write down what it found."""

import keras
import pytest

from tests.contract import table

FOUND = pytest.StashKey()


def pytest_addoption(parser):
    group = parser.getgroup("contract")
    group.addoption(
        "--contract-table",
        action="store_true",
        help="write what this run finds on all backends into docs/contract.md",
    )
    group.addoption("--contract-found", help="write what this run finds to a file, as JSON")


def pytest_configure(config):
    config.stash[FOUND] = {}
    config.pluginmanager.register(Recorder(config.stash[FOUND]), "contract recorder")


class Recorder:
    """Keeps what the tests of promises find."""

    def __init__(self, found):
        self.found = found

    def pytest_runtest_logreport(self, report):
        if read := table.read_report(report):
            method, promise, verdict = read
            of_backend = self.found.setdefault(keras.backend.backend(), {})
            of_backend.setdefault(method, {})[promise] = verdict


@pytest.fixture
def found(request):
    """What this run finds, a dictionary from backend to method to promise."""
    return request.config.stash[FOUND]


def pytest_sessionfinish(session):
    from tests.contract.methods import asked
    from tests.contract.promises import sentences

    config, found = session.config, session.config.stash[FOUND]
    if path := config.getoption("contract_found"):
        table.save(found, path)
    if config.getoption("contract_table"):
        before = table.load() if table.FOUND.exists() else {}
        found = table.joined(before, found, asked())
        table.save(found)
        table.TABLE.write_text(table.text_of(found, sentences()), encoding="utf-8")
