import ctypes
import json
import mmap
import os
import platform
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from contextlib import suppress
from pathlib import Path

import pytest

from classroom import sandbox
from classroom.sandbox import HOME, SCRATCH, WORK, Limits, Seal, linux
from classroom.sandbox import seal as sealing
from classroom.sandbox.seal import MEBI

pytestmark = [
    pytest.mark.services,
    pytest.mark.skipif(sys.platform != "linux", reason="processes can be sealed on Linux only"),
]

REPOSITORY = Path(sandbox.__file__).parents[2]


@pytest.fixture
def sockets():
    with tempfile.TemporaryDirectory(prefix="seal-", ignore_cleanup_errors=True) as folder:
        yield folder


class Sealed:
    """A function that runs in a sealed process, and writes what it returns to standard output."""

    def __init__(self, function, seal):
        self.output, output = os.pipe()
        self.process = os.fork()
        if not self.process:
            try:
                os.dup2(output, 1)
                sandbox.enter(seal)
                os.write(1, json.dumps(function()).encode())
                os._exit(0)
            except BaseException:
                os.write(1, traceback.format_exc().encode())
                os._exit(70)
        os.close(output)

    def first_line(self):
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self.output, 1)
        return line.decode().strip()

    def end(self):
        """Waits until nothing is left of it; returns the status and the rest of the output."""
        too_late = threading.Timer(60, os.kill, (self.process, signal.SIGKILL))
        too_late.start()
        with open(self.output, "rb") as file:
            text = file.read().decode()
        too_late.cancel()
        too_late.join()
        return os.waitpid(self.process, 0)[1], text


@pytest.fixture
def run(sockets):
    """Function that runs another in a sealed process and returns what that returns."""

    def run(function, **given):
        status, text = Sealed(function, Seal(sockets, **given)).end()
        assert status == 0, text
        return json.loads(text)

    return run


def refused(attempt, *arguments):
    """Name of the error that an attempt ends with, None if it succeeds."""
    try:
        attempt(*arguments)
    except (OSError, MemoryError) as error:
        return type(error).__name__


# What it sees.


def test_it_sees_the_installed_software_and_nothing_else(run):
    def look():
        tops = sorted(os.listdir("/"))
        below = {}
        for folder in (REPOSITORY, "/etc", "/dev", "/sys", "/sys/devices", "/tmp", "/var", "/run"):
            with suppress(OSError):
                below[str(folder)] = sorted(os.listdir(folder))
        return tops, below

    tops, below = run(look)
    software = {str(Path(p)).split("/")[1] for p in (sys.prefix, sys.base_prefix, REPOSITORY)}
    system = {"bin", "dev", "etc", "lib", "lib32", "lib64", "proc", "sbin", "scratch", "sys", "usr"}
    assert set(tops) <= software | system | {"tmp"}
    inside = {Path(path).name for path in (sys.prefix, "course_lib", "classroom")}
    assert set(below[str(REPOSITORY)]) <= inside
    assert "course_lib" in below[str(REPOSITORY)]
    assert set(below["/etc"]) <= set(sealing.SETTINGS)
    assert set(below["/dev"]) == {
        *("null", "zero", "full", "random", "urandom"),
        *("fd", "stdin", "stdout", "stderr", "shm"),
    }
    assert below["/sys"] == ["devices"]
    assert below["/sys/devices"] == ["system"]
    assert "/var" not in below
    assert "/run" not in below


def test_it_sees_no_home_no_course_and_no_other_temporary_file(run, tmp_path):
    (tmp_path / "gradebook.db").write_text("secret")
    places = [tmp_path, Path.home() / ".bashrc", REPOSITORY / "labs", "/etc/passwd", "/etc/shadow"]
    assert run(lambda: [refused(os.stat, place) for place in places]) == ["FileNotFoundError"] * 5


def test_of_the_courses_package_it_sees_no_solutions(run):
    def look():
        package = REPOSITORY / "course_lib"
        return {path.name: len(os.listdir(path)) for path in package.iterdir() if path.is_dir()}

    seen = run(look)
    assert [topic for topic in sandbox.TOPICS if seen[topic]] == []
    assert all(seen[name] for name in ("datasets",))


def test_a_place_that_it_sees_is_told(tmp_path, monkeypatch):
    assert sandbox.shown_above(tmp_path) is None
    assert sandbox.shown_above(Path(sys.prefix, "courses", "2026")) is not None
    assert sandbox.shown_above("/usr/src/app") == Path("/usr")
    (tmp_path / "link").symlink_to("/usr/src")
    assert sandbox.shown_above(tmp_path / "link" / "app") == Path("/usr")


def test_files_of_others_stay_closed_where_root_could_read_them(run):
    """The interpreter's folder is shown, but not what in it is for another user's eyes only."""
    hidden = Path(sys.prefix) / "seal-test-secret"
    try:
        hidden.write_text("secret")
    except OSError:
        pytest.skip("the environment belongs to somebody else")
    hidden.chmod(0o600)
    owner = os.geteuid()
    try:
        outcome = run(lambda: refused(hidden.read_text))
    finally:
        hidden.unlink()
    assert outcome == ("PermissionError" if owner == 0 else None)


def test_it_works_in_a_folder_of_its_own_with_copies_of_what_it_is_given(run, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.csv").write_text("1")
    (data / "link").symlink_to(tmp_path / "b.csv")
    (tmp_path / "b.csv").write_text("2")

    def work():
        read = Path("data/a.csv").read_text(), Path("b.csv").read_text()
        Path("data/a.csv").write_text("changed")
        outside = refused(Path("data/link").read_text)
        with tempfile.TemporaryFile() as file:
            file.write(b"x")
        place = (os.getcwd(), os.environ["HOME"], tempfile.gettempdir())
        return read, outside, sorted(os.listdir()), place, os.read(0, 1).decode()

    assert run(work, files=(str(data), str(tmp_path / "b.csv"))) == [
        ["1", "2"],
        "FileNotFoundError",
        ["b.csv", "data"],
        [WORK, HOME, HOME],
        "",
    ]
    assert (data / "a.csv").read_text() == "1"


def test_it_inherits_no_open_file_and_no_terminal(run, tmp_path):
    secret = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(secret, True)

    def look():
        opened = {os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")[:-1]}
        return sorted(opened - {"/dev/null"}), os.getsid(0) == os.getpid(), len(opened)

    opened, alone, number = run(look)
    os.close(secret)
    assert alone
    assert number <= 3
    assert str(tmp_path) not in opened


def test_proc_shows_no_environment_of_the_program(sockets):
    script = (
        "import os, sys\n"
        "from classroom import sandbox\n"
        "if not os.fork():\n"
        "    sandbox.enter(sandbox.Seal(sys.argv[1]))\n"
        "    print('TOKEN' in open('/proc/self/environ').read(), os.environ['TOKEN'])\n"
        "    sys.stdout.flush(); os._exit(0)\n"
        "os.wait()"
    )
    environment = {**os.environ, "TOKEN": "secret", "PYTHONPATH": str(REPOSITORY)}
    asked = subprocess.run(
        [sys.executable, "-c", script, sockets], env=environment, capture_output=True, text=True
    )
    assert asked.stdout == "False secret\n"


# What it changes.


def test_it_writes_nowhere_else(run, sockets):
    places = ["/", "/usr", "/etc", "/dev", "/proc", sys.prefix, sys.base_prefix, sockets]
    places += [str(REPOSITORY / "course_lib"), "/sys/devices/system", "/tmp"]

    def write():
        found = {place: refused(Path(place, "new").write_text, "x") for place in places}
        found |= {f"{place}/": refused(os.mkdir, f"{place}/folder") for place in places}
        found["module"] = refused(open, sandbox.__file__, "a")
        found["mode"] = refused(os.chmod, sandbox.__file__, 0o777)
        found["removal"] = refused(os.remove, sandbox.__file__)
        found["name"] = refused(os.rename, sandbox.__file__, SCRATCH + "/taken")
        found["oom"] = refused(Path("/proc/self/oom_score_adj").write_text, "-1000")
        return found

    assert {place for place, error in run(write).items() if error is None} == set()


def test_it_is_shown_all_of_it_read_only(run, sockets):
    """Landlock would refuse to write, too: neither has to hold alone."""
    mounts = [line.split() for line in run(Path("/proc/self/mountinfo").read_text).splitlines()]
    options = {mount[4]: set(mount[5].split(",")) for mount in mounts}
    writable = {place for place, kinds in options.items() if "rw" in kinds}
    assert writable == {SCRATCH, sockets, "/proc", *sealing.PLAIN_DEVICES}
    assert all("nosuid" in kinds for kinds in options.values())
    assert {place for place, kinds in options.items() if "nodev" not in kinds} == {
        *sealing.PLAIN_DEVICES
    }


def test_its_files_are_bounded_in_number_and_size(run):
    def fill():
        written = 0
        with suppress(OSError):
            for number in range(100):
                Path(f"{number}").write_bytes(bytes(MEBI))
                written += 1
        for number in range(written):
            os.remove(str(number))
        shared = refused(Path("/dev/shm/x").write_bytes, bytes(9 * MEBI))
        one = refused(Path("one").write_bytes, bytes(5 * MEBI))
        return written, shared, one, os.stat("one").st_size // MEBI

    assert run(fill, limits=Limits(scratch=8 * MEBI, file_size=4 * MEBI)) == [
        8,
        "OSError",
        "OSError",
        4,
    ]


def test_it_can_neither_mount_nor_get_privileges(run):
    def attempt():
        status = dict(
            line.split(":\t") for line in Path("/proc/self/status").read_text().splitlines()
        )
        writable = linux.NO_SETUID | linux.NO_DEVICES
        attempts = {
            "user namespace": refused(linux.unshare, linux.NEW_USER),
            "mount namespace": refused(linux.unshare, linux.NEW_MOUNTS),
            "network namespace": refused(linux.unshare, linux.NEW_NETWORK),
            "mount": refused(linux.mount, "tmpfs", SCRATCH, "", 0),
            "remount": refused(linux.mount, "tmpfs", "/usr", "", writable | 1 << 5 | 1 << 12),
            "unmount": refused(linux.call, "umount2", b"/usr", 2),
            "copy": refused(linux.copy_mount, "/", 0),
            "root": refused(os.setuid, 0),
            "chroot": refused(os.chroot, SCRATCH),
            "chown": refused(os.chown, SCRATCH, 0, 0),
            "keys": refused(linux.call, "keyctl", 0, -3, 0),
            "kernel messages": refused(linux.call, "syslog", 3, bytes(99), 99),
            "hidden files": refused(linux.call, "memfd_create", b"x", 0),
            "queues": refused(linux.call, "io_uring_setup", 1, bytes(120)),
        }
        rights = {name: status[name] for name in status if name.startswith("Cap")}
        return rights, status["NoNewPrivs"], status["Seccomp"], attempts, os.getuid()

    rights, forbidden, filtered, attempts, user = run(attempt)
    assert set(rights.values()) == {"0" * 16}
    assert (forbidden, filtered) == ("1", "2")
    assert {name for name, error in attempts.items() if error is None} == set()
    assert user == (os.getuid() or 65534)


def test_programs_for_another_machine_are_filtered_too(run):
    """A 32-bit call has other numbers, of which the filter knows none."""
    if platform.machine() != "x86_64":
        pytest.skip("needs the two kinds of calls of an x86")

    def call():
        # mov eax, 20 (getpid of 32 bits); int 0x80; ret
        code = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=7)
        code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
        address = ctypes.addressof(ctypes.c_char.from_buffer(code))
        return ctypes.CFUNCTYPE(ctypes.c_int)(address)()

    assert run(call) == -38


# Whom it reaches.


@pytest.mark.parametrize("kind", ["TCP", "UDP", "abstract", "path"])
def test_it_reaches_no_server_of_the_machine(run, tmp_path, kind):
    family = socket.AF_INET if kind in ("TCP", "UDP") else socket.AF_UNIX
    style = socket.SOCK_DGRAM if kind == "UDP" else socket.SOCK_STREAM
    path = tempfile.mktemp(prefix="s-")
    address = {"abstract": f"\0course-{os.getpid()}", "path": path}.get(kind, ("127.0.0.1", 0))

    def send(address):
        with socket.socket(family, style) as client:
            client.settimeout(2)
            client.connect(address)
            client.send(b"x")

    with socket.socket(family, style) as server:
        server.bind(address)
        if kind != "UDP":
            server.listen()
        address = server.getsockname()
        assert refused(send, address) is None
        assert run(lambda: refused(send, address)) is not None
    with suppress(OSError):
        os.remove(path)


def test_it_reaches_no_network(run):
    def attempt():
        def connect(address, style):
            with socket.socket(socket.AF_INET, style) as client:
                client.settimeout(2)
                client.connect(address)

        families = {"AF_PACKET", "AF_VSOCK", "AF_ALG", "AF_CAN", "AF_TIPC"} & set(dir(socket))
        return {
            "TCP": refused(connect, ("1.1.1.1", 53), socket.SOCK_STREAM),
            "UDP": refused(connect, ("1.1.1.1", 53), socket.SOCK_DGRAM),
            "DNS": refused(socket.getaddrinfo, "example.org", 80),
            "raw": refused(socket.socket, socket.AF_INET, socket.SOCK_RAW, 1),
            **{name: refused(socket.socket, getattr(socket, name)) for name in families},
        }

    found = run(attempt)
    assert {kind for kind, error in found.items() if error is None} == set()
    assert {"raw", "AF_PACKET", "AF_VSOCK"} <= set(found)


def test_only_sockets_are_made_in_their_folder_and_the_machine_can_connect(sockets):
    path = f"{sockets}/s-1"

    def serve():
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path)
            server.listen()
            os.write(1, b"ready\n")
            connection, _ = server.accept()
            with connection:
                return connection.recv(99).decode()

    sealed = Sealed(serve, Seal(sockets))
    assert sealed.first_line() == "ready"
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.send(b"hello")
    assert sealed.end() == (0, '"hello"')


def test_the_folder_of_sockets_cannot_fill_the_disk(sockets):
    def flood():
        for number in range(100_000):
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(f"{sockets}/{number}")
            time.sleep(0.005)

    status, _ = Sealed(flood, Seal(sockets)).end()
    assert status == signal.SIGKILL
    assert len(os.listdir(sockets)) < 1000


def test_it_neither_sees_nor_touches_other_processes(run):
    outside, trace = os.getpid(), 16

    def look():
        numbers = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
        attempts = {
            "signal": refused(os.kill, outside, 0) if outside not in numbers else "its own",
            "signal to the first": refused(os.kill, 1, signal.SIGKILL) or "ignored",
            "trace": refused(linux.call, "ptrace", trace, 1, 0, 0),
            "memory": refused(open, "/proc/1/mem", "rb"),
            "root": refused(os.listdir, "/proc/1/root"),
            "environment": refused(Path("/proc/1/environ").read_bytes),
            "priority": refused(os.setpriority, os.PRIO_PROCESS, os.getpid(), -5),
        }
        if numbers == [1, 2]:
            with suppress(OSError):
                os.kill(-1, signal.SIGTERM)
        return numbers, attempts

    numbers, attempts = run(look)
    assert numbers == [1, 2]
    assert {name for name, error in attempts.items() if error is None} == set()


# How it ends.


def daemon():
    """Starts a process that has left session and parent, and ignores every signal it can."""
    if not os.fork():
        os.setsid()
        if not os.fork():
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            os.write(1, b"daemon\n")
            time.sleep(60)
        os._exit(0)
    os.wait()
    time.sleep(0.2)


def test_its_background_processes_end_with_it(sockets):
    start = time.perf_counter()
    sealed = Sealed(daemon, Seal(sockets))
    assert sealed.first_line() == "daemon"
    assert sealed.end() == (0, "null")
    assert time.perf_counter() - start < 20


def test_all_of_it_ends_with_its_keeper(sockets):
    def wait():
        daemon()
        time.sleep(60)

    start = time.perf_counter()
    sealed = Sealed(wait, Seal(sockets))
    assert sealed.first_line() == "daemon"
    os.kill(sealed.process, signal.SIGKILL)
    assert sealed.end() == (signal.SIGKILL, "")
    assert time.perf_counter() - start < 20


def test_what_it_leaves_behind_does_not_stay_as_a_zombie(run):
    def leave():
        for _ in range(5):
            if not os.fork():
                if not os.fork():
                    time.sleep(0.05)
                os._exit(0)
            os.wait()
        time.sleep(0.5)
        return sorted(int(name) for name in os.listdir("/proc") if name.isdigit())

    assert run(leave) == [1, 2]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_death_by_a_signal_is_passed_on(sockets, number):
    def die():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        time.sleep(5)

    status, _ = Sealed(die, Seal(sockets)).end()
    assert os.WTERMSIG(status) == number
    assert not os.WCOREDUMP(status)


def test_its_exit_status_is_passed_on(sockets):
    status, _ = Sealed(lambda: os._exit(7), Seal(sockets)).end()
    assert os.waitstatus_to_exitcode(status) == 7


def test_the_keeper_passes_signals_on(sockets):
    def wait():
        signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            os.write(1, b"ready\n")
            time.sleep(30)
        except KeyboardInterrupt:
            return "interrupted"

    sealed = Sealed(wait, Seal(sockets))
    assert sealed.first_line() == "ready"
    os.kill(sealed.process, signal.SIGINT)
    assert sealed.end() == (0, '"interrupted"')


# What it uses.


def test_it_leaves_no_core(run):
    def crash():
        with suppress(ValueError):
            resource.setrlimit(resource.RLIMIT_CORE, (MEBI, MEBI))
        if not (process := os.fork()):
            os.kill(os.getpid(), signal.SIGSEGV)
        return os.WCOREDUMP(os.waitpid(process, 0)[1]), os.listdir()

    assert run(crash) == [False, []]


@pytest.mark.parametrize("way", ["own", "shared", "made read-only", "stack"])
def test_its_memory_is_bounded(run, way):
    private, shared, downward = mmap.MAP_PRIVATE, mmap.MAP_SHARED, 0x100

    def fill():
        pieces, size = [], 256 * MEBI
        protect = ctypes.CDLL(None).mprotect
        kind = {"shared": shared, "stack": private | downward}.get(way, private)
        try:
            while len(pieces) < 1000:
                pieces.append(mmap.mmap(-1, size, kind | mmap.MAP_ANONYMOUS))
                if way == "made read-only":
                    address = ctypes.addressof(ctypes.c_char.from_buffer(pieces[-1]))
                    protect(ctypes.c_void_p(address), ctypes.c_size_t(size), mmap.PROT_READ)
        except (MemoryError, OSError):
            return len(pieces) * size / MEBI

    held = run(fill, limits=Limits(memory=1024 * MEBI))
    assert held <= 1024 + (0 if way == "own" else 1024 * os.cpu_count())


def test_a_memory_bomb_is_an_error_that_can_be_told(run):
    assert run(lambda: refused(bytearray, 2**40)) == "MemoryError"
    limits = Limits(memory=2048 * MEBI)
    assert run(lambda: refused(bytearray, 2100 * MEBI), limits=limits) == "MemoryError"
    assert run(lambda: refused(bytearray, 100 * MEBI), limits=limits) is None


def test_the_memory_of_all_its_processes_is_bounded(sockets):
    def hoard():
        for _ in range(8):  # each holds what this process held before, too
            if not os.fork():
                held = bytearray(b"x") * 300 * MEBI
                time.sleep(30)
                os._exit(len(held) % 2)
        time.sleep(30)

    status, _ = Sealed(hoard, Seal(sockets, limits=Limits(memory=2048 * MEBI))).end()
    assert status == signal.SIGKILL


def test_what_run_at_once_share_the_memory_of_the_machine(monkeypatch):
    pages = 16 * 1024 * MEBI // mmap.PAGESIZE
    monkeypatch.setattr(sealing.os, "sysconf", lambda name: pages)
    assert Limits.of_one(1) == Limits()
    limits = Limits.of_one(4, processes=8)
    assert 4 * (limits.memory + limits.scratch) == pytest.approx(0.8 * 16 * 1024 * MEBI)
    assert limits.processes == 8
    with pytest.raises(ValueError, match="--jobs 6"):
        Limits.of_one(20)


def count_processes():
    started = 0
    with suppress(OSError):
        while started < 100:
            if not os.fork():
                time.sleep(30)
                os._exit(0)
            started += 1
    return started


def count_threads():
    started = 0
    with suppress(RuntimeError):
        while started < 100:
            threading.Thread(target=time.sleep, args=(1,), daemon=True).start()
            started += 1
    return started


@pytest.mark.parametrize("count", [count_processes, count_threads])
def test_its_processes_and_threads_are_bounded(run, count):
    assert run(count, limits=Limits(processes=20)) == 19


def test_a_fork_bomb_ends_with_its_notebook(sockets):
    def bomb():
        signal.alarm(2)
        while True:
            with suppress(OSError):
                os.fork()

    status, _ = Sealed(bomb, Seal(sockets, limits=Limits(processes=50))).end()
    assert status == signal.SIGALRM


def test_sealed_processes_do_not_count_each_other(sockets):
    def wait():
        count_processes()
        os.write(1, b"ready\n")
        time.sleep(30)

    limits = Limits(processes=20)
    first = Sealed(wait, Seal(sockets, limits=limits))
    assert first.first_line() == "ready"
    assert Sealed(count_processes, Seal(sockets, limits=limits)).end() == (0, "19")
    os.kill(first.process, signal.SIGKILL)
    first.end()


def test_its_open_files_are_bounded(run):
    def opened():
        files = []
        with suppress(OSError):
            while True:
                files.append(os.open("/dev/null", os.O_RDONLY))
        os.closerange(3, 100)
        return len(files)

    assert run(opened, limits=Limits(open_files=50)) == 47


def test_its_processor_time_is_bounded(sockets):
    def burn():
        while True:
            pass

    status, _ = Sealed(burn, Seal(sockets, limits=Limits(cpu_seconds=1))).end()
    assert status == signal.SIGXCPU


def test_the_processor_time_of_all_its_processes_is_bounded(sockets):
    def burn():
        for _ in range(5):
            os.fork()
        while True:
            pass

    start = time.monotonic()
    limits = Limits(cpu_seconds=3, processes=64)
    status, _ = Sealed(burn, Seal(sockets, limits=limits)).end()
    assert status == signal.SIGKILL
    assert time.monotonic() - start < 30


@pytest.mark.skipif(os.cpu_count() < 2, reason="one processor cannot be divided")
def test_it_has_processors_of_its_own_and_gets_no_others(run):
    mine, *others = sorted(os.sched_getaffinity(0))

    def leave():
        return sorted(os.sched_getaffinity(0)), refused(os.sched_setaffinity, 0, others)

    assert run(leave, cores=(mine,)) == [[mine], "PermissionError"]


def test_a_limit_is_no_way_around_a_stricter_one_of_the_machine(sockets):
    def limits():
        kinds = (resource.RLIMIT_CPU, resource.RLIMIT_NOFILE)
        return [resource.getrlimit(kind)[1] for kind in kinds]

    if not (process := os.fork()):
        resource.setrlimit(resource.RLIMIT_CPU, (500, 500))
        resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
        status, text = Sealed(limits, Seal(sockets)).end()
        os._exit(0 if (status, text) == (0, "[500, 200]") else 1)
    assert os.waitpid(process, 0)[1] == 0


def test_it_is_the_first_to_go_when_memory_runs_out(run):
    assert run(lambda: Path("/proc/self/oom_score_adj").read_text()) == "1000\n"


# With a kernel of Jupyter.

KERNEL = """
import os, sys, time
import tensorflow, keras
from ipykernel.kernelapp import IPKernelApp
from classroom import sandbox

sockets, connection = sys.argv[1:]
if not os.fork():
    start = time.perf_counter()
    sandbox.enter(sandbox.Seal(sockets, files=(connection,)))
    print(time.perf_counter() - start, flush=True)
    IPKernelApp.launch_instance(["-f", sandbox.WORK + "/connection.json"])
    os._exit(0)
os.wait()
"""
TRAINING = """
import keras, numpy as np
model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(1)])
model.compile("adam", "mse")
losses = model.fit(np.ones((64, 2)), np.ones(64), epochs=2, verbose=0).history["loss"]
assert losses[1] < losses[0]
model.save("model.keras")
"""


def test_a_kernel_forked_from_tensorflow_trains_in_a_seal(sockets, tmp_path):
    from jupyter_client import BlockingKernelClient
    from jupyter_client.connect import write_connection_file

    ports = dict(zip(("shell", "iopub", "stdin", "hb", "control"), range(1, 6)))
    connection, _ = write_connection_file(
        str(tmp_path / "connection.json"),
        ip=f"{sockets}/s",
        transport="ipc",
        **{f"{name}_port": number for name, number in ports.items()},
    )
    server = subprocess.Popen(
        [sys.executable, "-c", KERNEL, sockets, connection],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    client = BlockingKernelClient(connection_file=connection)
    client.load_connection_file()
    client.start_channels()
    try:
        seconds = float(server.stdout.readline())
        client.wait_for_ready(timeout=60)
        reply = client.execute_interactive(TRAINING, timeout=60)["content"]
        client.shutdown()
        server.wait(30)
    finally:
        client.stop_channels()
        server.kill()
        server.wait()
        server.stdout.close()
    assert reply["status"] == "ok", reply
    assert seconds < 1


# What the machine has.


def test_this_machine_can_seal():
    assert sandbox.missing() == []
    assert all(feature.there for feature in sandbox.features())


def test_what_tries_the_seal_imports_nothing_from_where_it_starts(tmp_path, monkeypatch):
    (tmp_path / "ctypes.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)  # which Python 3.10 does not know
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, env=None, **options: run(*a, **options))
    sandbox.features.cache_clear()
    assert sandbox.missing() == []


def test_what_is_missing_is_named_with_what_to_do(run):
    """A sealed process cannot seal another: it may make no user namespace."""
    sandbox.features.cache_clear()
    first, *_, last = run(sandbox.missing)
    assert first.startswith("user namespaces: [Errno 28] unshare: ")
    assert "max_user_namespaces" in first
    assert last.startswith("whole seal: The process could not be sealed: ")


def test_other_systems_are_told_apart(monkeypatch):
    sandbox.features.cache_clear()
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    (missing,) = sandbox.missing()
    sandbox.features.cache_clear()
    assert missing == "Linux: processes can be sealed on Linux only, this is Darwin"


@pytest.mark.parametrize("given", ["no folder of sockets", "no file", "too large a file"])
def test_a_process_that_cannot_be_sealed_is_told_so(sockets, tmp_path, given):
    (tmp_path / "large").write_bytes(bytes(2 * MEBI))
    seal = {
        "no folder of sockets": Seal(str(tmp_path / "missing")),
        "no file": Seal(sockets, files=(str(tmp_path / "missing"),)),
        "too large a file": Seal(
            sockets, files=(str(tmp_path / "large"),), limits=Limits(scratch=MEBI)
        ),
    }[given]
    status, text = Sealed(lambda: "sealed", seal).end()
    assert os.waitstatus_to_exitcode(status) == 70
    assert "SandboxError: " in text
