"""What attacks on its memory and time cost the grader; each runs in a sealed kernel."""

from classroom.kernels import warm_server
from tests.classroom.running.test_attacks import ANSWERS, MEBI, OUTPUTS, PROCESSES, attack


def measure(course):
    rows = []
    with warm_server.serving():
        attack("")  # the server and the judge are there
        for name, code in {"nothing": "", **OUTPUTS, **PROCESSES}.items():
            rows.append(_row(name, *attack(code)))
        for name, code in ANSWERS.items():
            rows.append(_row(f"an answer: {name}", *attack("", f"def answer(secret):\n    {code}")))
    return rows, [
        "Memory is what the grader's process and its judge held more than before, at their peak. A "
        "cell may compute for 3 s, or wait as long; a kernel that is lost is started again. The "
        "honest answer beside an attack keeps all points."
    ]


def _row(name, done, memory, seconds):
    kept = "all points" if not done.cells["check"].reason else "no points"
    size = len(done.notebook) / 1000
    return name, f"{seconds:.1f} s, {memory / MEBI:.0f} MiB, notebook of {size:.0f} kB, {kept}", ""
