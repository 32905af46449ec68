"""A process of its own that makes hidden inputs and judges answers, under limits.

Whatever a student's process answers ends here unread: it is parsed, decoded and judged with little
memory and little time. When that is too much, the process ends, that check has no answer, and the
next question gets a new process.

`python -m classroom.checks.judge` reads lines of JSON: the source of a lab's checks, then
questions. It answers each by a line of JSON.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

from classroom.checks import hidden, plain_values
from classroom.checks.hidden import Requirement, shown
from classroom.reasons import describe_error
from classroom.sandbox import linux

log = logging.getLogger(__name__)

# Seconds of processor time of a question, and of waiting for its answer on a busy machine.
SECONDS, PATIENCE = 5, 60
# Bytes of the whole address space, most of which libraries reserve.
JUDGE_MEMORY = 2 * 1024**3
# Characters of what a mistake in a check is logged as.
LONGEST_ERROR = 300
TOO_MUCH = "The result could not be judged: it takes too much memory or time."
NO_ANSWER = "The check got no answer that could be read."


class JudgeLost(Exception):
    """The judge used up its memory or its time, or its check has a mistake."""


class Judge:
    """The grader's side of the process, which starts at the first question and when it was lost.

    Args:
        source: Content of the lab's file in `labs/checks/`.
    """

    def __init__(self, source):
        self.source, self.process = source, None

    def make_inputs(self, task, which, seed):
        """Makes the inputs of a check.

        Args:
            task: Name of the task.
            which: One of `hidden.INPUTS`.
            seed: Seed of the inputs.

        Returns:
            The inputs as text of `plain_values`, or None if the check has none of that kind.

        Raises:
            RuntimeError: if the check cannot make them.
        """
        with suppress(JudgeLost):
            return self._ask("make_inputs", task, which, seed) or None
        raise RuntimeError(f"The check of {task!r} makes no {which} inputs.")

    def judge(self, task, which, seed, reply):
        """Judges an answer.

        Args:
            task: Name of the task.
            which: One of `hidden.INPUTS`.
            seed: Seed of the inputs.
            reply: What the kernel replied to `inside.run_check`: bytes, whatever they hold.

        Returns:
            List of `Requirement`s.
        """
        try:
            findings = self._ask("judge", task, which, seed, reply.decode("latin-1"))
            return [Requirement(*one) for one in findings]
        except JudgeLost:
            return [shown(False, TOO_MUCH)]

    def end(self):
        """Ends the process."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None

    def _ask(self, function, task, which, *others):
        """Asks twice if it must: what ended the process may have been somebody else's."""
        for _ in range(2):
            if self.process is None:
                self._start()
            clock = threading.Timer(PATIENCE, self.process.kill)
            clock.start()
            try:
                self._tell([function, task, which, *others])
                found, error = json.loads(self.process.stdout.readline())
            except (OSError, ValueError, MemoryError):
                self.end()
                continue
            finally:
                clock.cancel()
            if error:
                log.warning("The check of %r failed (%s, %s): %s", task, function, which, error)
            if found is not None:
                return found
            break
        raise JudgeLost

    def _start(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            # The folder where the grader happens to start may be a student's.
            cwd=sys.prefix,
        )
        with suppress(OSError):  # the first question will tell
            self._tell(self.source)

    def _tell(self, message):
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()


def _serve():
    """Answers until the grader ends; limits and clock end it without another word."""
    linux.limit_memory(JUDGE_MEMORY)
    answers, sys.stdout = sys.stdout, sys.stderr
    source = json.loads(sys.stdin.readline())
    functions = {"make_inputs": _make_inputs, "judge": _judge}
    for line in sys.stdin:
        function, task, *arguments = json.loads(line)
        try:
            this = hidden.load(source)[task]
            _set_clock(SECONDS)
            found, error = functions[function](this, *arguments)
        except MemoryError:
            raise
        except Exception as mistake:
            found, error = None, ascii(mistake)
        _set_clock(0)
        print(json.dumps([found, error[:LONGEST_ERROR]]), file=answers, flush=True)


def _make_inputs(this, which, seed):
    given = hidden.make_inputs(this, which, seed)
    return "" if given is None else plain_values.encode(given), ""


def _judge(this, which, seed, reply):
    try:
        answer = json.loads(reply)["user_expressions"]["answer"]["data"]["text/plain"]
        kind, text = plain_values.decode(answer, [str, str])
    except (ValueError, KeyError, TypeError, RecursionError):
        return [shown(False, NO_ANSWER)], ""
    if kind != "returned":
        return [shown(False, describe_error(text))], ""
    return hidden.judge(this, hidden.make_inputs(this, which, seed), text)


def _set_clock(seconds):
    if hasattr(signal, "ITIMER_PROF"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


if __name__ == "__main__":
    _serve()
