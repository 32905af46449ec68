"""What a machine must offer so that a process can be sealed, each tried in earnest."""

import functools
import json
import os
import platform
import subprocess
import sys
import tempfile
from typing import NamedTuple

from classroom.sandbox import linux
from classroom.sandbox.seal import DENIED_CALLS, SandboxError, Seal, enter, leave_namespaces

ADVICE = {
    "user namespaces": (
        "the machine forbids them to ordinary users (sysctl kernel.apparmor_restrict_"
        "unprivileged_userns=0, or user.max_user_namespaces above 0), or this is a container that "
        "forbids them (docker run --security-opt seccomp=unconfined)"
    ),
    "other namespaces": "mounts, processes, network, IPC and host name cannot be set apart here",
    "Landlock": "needs Linux 5.13 with `landlock` in its security modules (lsm=landlock,...)",
    "system call filter": "needs a Linux built with CONFIG_SECCOMP_FILTER",
    "whole seal": "needs all of the above, and a /proc of which no part is masked",
}


class Feature(NamedTuple):
    """One thing of the kernel that a seal is made of.

    Attributes:
        what: Its name.
        there: Whether this machine lets it be used.
        detail: What was found, or what to do.
    """

    what: str
    there: bool
    detail: str


@functools.cache
def features():
    """Tries everything that a seal is made of, in processes that are thrown away.

    Returns:
        List of `Feature`s, the last of which is a whole seal.
    """
    if platform.system() != "Linux":
        system = platform.system()
        return [Feature("Linux", False, f"processes can be sealed on Linux only, this is {system}")]
    probe = [sys.executable, "-c", f"from {__name__} import _probe; _probe()"]
    # The folder where the grader happens to start may be a student's.
    asked = subprocess.run(probe, cwd=sys.prefix, capture_output=True, text=True, check=True)
    return [
        Feature(what, not trouble, f"{trouble}: {ADVICE[what]}" if trouble else "there")
        for what, trouble in map(json.loads, asked.stdout.splitlines())
    ]


def _probe():
    """Prints a line for each feature: its name and the trouble with it."""

    def restrict():
        linux.forbid_privileges()
        linux.restrict_files({"/": linux.READ})

    def filter_calls():
        linux.forbid_privileges()
        linux.filter_calls(DENIED_CALLS, ())

    with tempfile.TemporaryDirectory() as sockets:
        attempts = {
            "user namespaces": linux.become_own_user,
            "other namespaces": leave_namespaces,
            "Landlock": restrict,
            "system call filter": filter_calls,
            "whole seal": lambda: enter(Seal(sockets)),
        }
        for what, attempt in attempts.items():
            if not os.fork():
                trouble = ""
                try:
                    attempt()
                except (OSError, SandboxError) as error:
                    trouble = str(error)
                os.write(1, f"{json.dumps([what, trouble])}\n".encode())
                os._exit(0)
            os.wait()


def missing():
    """What this machine lacks to seal a process.

    Returns:
        A sentence for every feature that is missing; none if a process can really be sealed.
    """
    return [f"{feature.what}: {feature.detail}" for feature in features() if not feature.there]
