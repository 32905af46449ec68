"""`python -m tests.mutants`: whether the tests find out what the tables say is easily got wrong."""

import argparse
import sys

from tests.mutants import report, runner, tables


def main():
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("topics", nargs="*", metavar="TOPIC", help="names of tables; all if none")
    parser.add_argument("--match", default="", help="only traps, files and tests with this text")
    parser.add_argument("--jobs", type=int, default=2, help="tests at the same time")
    options = parser.parse_args()
    try:
        mutants = [
            mutant
            for mutant in tables.load(topics=options.topics)
            if options.match.lower()
            in " ".join((mutant.trap, mutant.file, mutant.killed_by)).lower()
        ]
    except ValueError as problem:
        parser.error(str(problem))
    verdicts = runner.judge(mutants, jobs=options.jobs)
    others = {m: verdict for m, verdict in verdicts.items() if verdict != runner.KILLED}
    for mutant, verdict in others.items():
        print(f"{mutant.topic}: {mutant.trap} ({mutant.file})\n    {verdict}")
    print(f"{len(mutants) - len(others)} of {len(mutants)} mutants are killed.")
    if not (options.topics or options.match or others):
        report.write(mutants)
    return 1 if others or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
