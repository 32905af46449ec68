"""Runs tests in a copy of the project, and writes down how each ended."""

import json
import sys
from pathlib import Path

import pytest

OURS = ("course_lib", "classroom", "tests")
# A mutant that raises these is a slip of its table, not a trap.
SLIPS = (NameError, ImportError, SyntaxError)


class Outcomes:
    """A plugin of pytest that keeps how tests ended: passed, failed, or else the reason."""

    def __init__(self):
        self.of_tests, self.of_files = {}, {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if call.excinfo and report.failed:
            brief = call.excinfo.exconly().splitlines()[0]
            slip = call.when != "call" or call.excinfo.errisinstance(SLIPS)
            self.of_tests[item.nodeid] = f"{call.when}: {brief}" if slip else "failed"
        elif report.skipped:
            self.of_tests[item.nodeid] = "is skipped here"
        elif call.when == "call":
            self.of_tests[item.nodeid] = "passed"
        return report

    def of(self, test):
        """How a test ended, or, of one that is named without its parameters, the worst of all."""
        ends = {end for one, end in self.of_tests.items() if test in (one, one.split("[")[0])}
        slips = sorted(ends - {"failed", "passed"})
        if slips:
            return slips[0]
        return "failed" if "failed" in ends else "passed" if ends else "is not found"

    def pytest_collectreport(self, report):
        if report.failed:
            self.of_files[report.nodeid] = str(report.longrepr).splitlines()[-1]


def run(folder, tests, results):
    """Runs tests of the copy in a folder.

    Args:
        folder: The copy.
        tests: Ids of tests, from that folder.
        results: File for a dictionary from test to outcome, as JSON.
    """
    for module in [name for name in sys.modules if name.split(".")[0] in OURS]:
        del sys.modules[module]
    sys.path[:] = [str(folder), *sys.path]
    sys.dont_write_bytecode = True
    outcomes = Outcomes()
    arguments = [f"--rootdir={folder}", f"--confcutdir={folder}", "-c", f"{folder}/pyproject.toml"]
    options = ["-p", "no:cacheprovider", "--tb=short", *arguments]
    pytest.main([*options, *(f"{folder}/{test}" for test in tests)], plugins=[outcomes])
    found = {}
    for test in tests:
        broken = outcomes.of_files.get(test.split("::")[0])
        found[test] = broken or outcomes.of(test)
    strangers = {
        module.__file__
        for name, module in list(sys.modules.items())
        if name.split(".")[0] in OURS[:2]
        and getattr(module, "__file__", None)
        and Path(folder).resolve() not in Path(module.__file__).resolve().parents
    }
    if strangers:
        found = dict.fromkeys(tests, f"ran with {sorted(strangers)[0]}, not with the copy's")
    Path(results).write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    run(sys.argv[1], sys.argv[3:], sys.argv[2])
