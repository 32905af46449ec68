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
        help="write docs/contract.md from this run, of all promises on all backends",
    )
    group.addoption("--contract-found", help="write what this run finds to a file, as JSON")


def pytest_configure(config):
    config.stash[FOUND] = {keras.backend.backend(): {}}
    config.pluginmanager.register(Recorder(config.stash[FOUND]), "contract recorder")


class Recorder:
    """Keeps what the tests of promises find."""

    def __init__(self, found):
        self.found = found

    def pytest_runtest_logreport(self, report):
        name = "test_a_promise_is_kept_or_refused_in_words["
        if report.when == "call" and name in report.nodeid:
            identity = report.nodeid.split(name)[1][:-1]
            self.found[keras.backend.backend()][identity] = table.read_report(report)


@pytest.fixture
def found(request):
    """What this run finds, a dictionary from backend to promise."""
    return request.config.stash[FOUND]


def pytest_sessionfinish(session):
    from tests.contract.methods import METHODS
    from tests.contract.promises import PROMISES

    config, found = session.config, session.config.stash[FOUND]
    if path := config.getoption("contract_found"):
        table.save(found, path)
    if config.getoption("contract_table"):
        sentences = {name: promise.sentence for name, promise in PROMISES.items()}
        table.write(found, list(METHODS), sentences)
