"""The seal: what keeps a stranger's notebook to itself.

A sealed process sees no network, no other process and no file but the installed software and
copies of what it is given; it writes only to its own scratch folder, holds no privileges and cannot
get any, is bounded in what it uses, and takes its background processes with it when it ends.

All of it is made of what Linux offers to every user: namespaces and a file tree of its own first,
then Landlock, a filter of system calls and resource limits on top, so that no single one has to
hold alone. Neither root nor a container engine is needed; a process of root becomes an unprivileged
user inside.
"""

import contextlib
import ctypes
import dataclasses
import math
import mmap
import os
import shutil
import signal
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import course_lib
from classroom.sandbox import linux

SCRATCH = "/scratch"
WORK, HOME = f"{SCRATCH}/work", f"{SCRATCH}/home"

MEBI = 1024**2
NOBODY = 65534
# What TensorFlow and a small network need.
LEAST_MEMORY = 1536 * MEBI
# A kernel opens five. More than this would only fill the disk of the machine.
MOST_SOCKETS = 64
# How often in a second the keeper counts sockets; once in a second it looks at all processes.
LOOKS = 10
CLASSROOM = Path(__file__).resolve().parents[1]
TEACHING = Path(course_lib.__file__).resolve().parent
# What a sealed process does not see of the teaching library: solutions to what labs ask for.
TOPICS = ("consistency", "experiments", "fusion", "gradients", "multitask", "transfer")

SOFTWARE = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64")
SETTINGS = ("alternatives", "fonts", "ld.so.cache", "localtime", "mime.types")
# TensorFlow asks for processors there, and for the neighbourhood of a GPU.
HARDWARE = ("/sys/devices/system",)
HARDWARE_OF_DEVICES = ("/sys/devices", "/sys/bus", "/sys/class", "/sys/module")
PLAIN_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
LINKS = {
    "/dev/fd": "/proc/self/fd",
    "/dev/stdin": "/proc/self/fd/0",
    "/dev/stdout": "/proc/self/fd/1",
    "/dev/stderr": "/proc/self/fd/2",
    "/dev/shm": SCRATCH,
}

# Calls that reach around the other parts of the seal: memory that no limit counts, queues that the
# filter does not see, keys and messages of the kernel, other processes' memory and processors.
DENIED_CALLS = (
    "add_key",
    "bpf",
    "io_uring_setup",
    "keyctl",
    "memfd_create",
    "memfd_secret",
    "perf_event_open",
    "process_vm_readv",
    "process_vm_writev",
    "ptrace",
    "request_key",
    "sched_setaffinity",
    "shmget",
    "syslog",
    "userfaultfd",
)
# Others, such as the sockets of virtual machines, know no namespaces. By `AF_NETLINK` Jupyter asks
# for the addresses of its machine.
ADDRESS_FAMILIES = [
    getattr(socket, name)
    for name in ("AF_UNIX", "AF_INET", "AF_INET6", "AF_NETLINK")
    if hasattr(socket, name)
]
PASSED_ON = [
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
    if hasattr(signal, name)
]


@dataclass(frozen=True)
class Limits:
    """What a sealed process may use. The defaults suit a notebook that trains small networks.

    A process that asks for more is refused, which Python shows as `MemoryError` or `OSError`; after
    `cpu_seconds` it is ended.

    Attributes:
        memory: Bytes of private memory that one process may hold, and all of them together: of
            that the keeper makes sure once a second, and ends them. When the machine runs out of
            memory meanwhile, sealed processes end first.
        processes: Processes and threads together.
        open_files: Files and sockets that one process may have open.
        file_size: Bytes of one file.
        scratch: Bytes of all files together. They lie in memory.
        cpu_seconds: Seconds of processor time of one process, and of all of them together: of that
            the keeper makes sure once a second.
    """

    memory: int = 4096 * MEBI
    processes: int = 256
    open_files: int = 1024
    file_size: int = 512 * MEBI
    scratch: int = 1024 * MEBI
    cpu_seconds: int = 3600

    @classmethod
    def of_one(cls, jobs, **others):
        """Returns the limits of one of several that run on this machine at the same time.

        All together they use four fifths of its memory at most.

        Args:
            jobs: How many run at the same time.
            **others: Limits that are to be others than the defaults.

        Raises:
            ValueError: if too little is left for each.
        """
        whole = cls(**others)
        pages = os.sysconf("SC_PHYS_PAGES") if hasattr(os, "sysconf") else 0
        installed = pages * mmap.PAGESIZE or math.inf
        part = min(1.0, 0.8 * installed / jobs / (whole.memory + whole.scratch))
        limits = dataclasses.replace(
            whole, memory=int(part * whole.memory), scratch=int(part * whole.scratch)
        )
        if part < 1 and limits.memory < LEAST_MEMORY:
            raise ValueError(
                f"With --jobs {jobs} each would get {limits.memory // MEBI} MiB of this machine's "
                f"{installed // MEBI} MiB, and a notebook needs {LEAST_MEMORY // MEBI}. Use "
                f"--jobs {max(1, int(jobs * limits.memory / LEAST_MEMORY))}."
            )
        return limits


@dataclass(frozen=True)
class Seal:
    """What a sealed process is given.

    Attributes:
        sockets: Existing folder, visible at the same path, where the process can make Unix sockets
            and nothing else. Called by root, it is given to the unprivileged user.
        files: Folders and files whose copies are put into `WORK`. Symbolic links stay links.
        devices: Device files that are shown, such as `/dev/nvidia0`. With any of them the address
            space is not bounded, as GPUs reserve far more of it than they use.
        cores: Numbers of the processors that it may use; any if there are none.
        limits: A `Limits`.
    """

    sockets: str
    files: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    cores: tuple[int, ...] = ()
    limits: Limits = Limits()


class SandboxError(Exception):
    """A process could not be sealed."""


def enter(seal):
    """Seals the process, which must have just been forked and have a single thread.

    Returns in the sealed process, which is a child of the caller: in its own session, in `WORK`,
    with an empty folder as `HOME` and `TMPDIR`, and an empty standard input. Standard output and
    error stay. All other file descriptors are closed; objects that still hold one must have let go
    of it before (`socket.detach`), or they will close somebody else's. The environment stays, but
    what the program was started with can no longer be read from `/proc`.

    The calling process stays outside as the keeper and never returns: it passes on the signals that
    it gets, ends the sealed process when it is ended itself, and ends as the sealed process did,
    with the same status or by the same signal, once all its background processes are gone.

    Args:
        seal: A `Seal`.

    Raises:
        SandboxError: if the machine lacks a feature, or there is no folder for the sockets; the
            process must not go on then.
    """
    if not os.path.isdir(seal.sockets):
        raise SandboxError(f"There is no folder {seal.sockets} for the sockets; make it before.")
    os.umask(0o022)
    signals = signal.pthread_sigmask(signal.SIG_BLOCK, (*PASSED_ON, signal.SIGCHLD))
    try:
        linux.close_files(3)
        leave_namespaces()
        sockets = os.open(seal.sockets, os.O_RDONLY)
        keeper_lives, keeper_ends = os.pipe()
        first = _start_first(keeper_lives)
        sealed = os.fork()
        if sealed:
            _keep(sealed, first, keeper_ends, sockets, seal.limits)
        linux.close_files(3)
        os.setsid()
        _build_tree(seal)
        _confine(seal)
    except OSError as error:
        raise SandboxError(f"The process could not be sealed: {error}") from error
    _forget_environment()
    signal.pthread_sigmask(signal.SIG_SETMASK, signals)


def leave_namespaces():
    """Only root needs no user namespace to make the others."""
    if os.geteuid() != 0:
        linux.become_own_user()
    linux.unshare(
        linux.NEW_MOUNTS
        | linux.NEW_PROCESSES
        | linux.NEW_NETWORK
        | linux.NEW_IPC
        | linux.NEW_HOSTNAME
        | linux.NEW_CGROUP
    )


def _start_first(keeper_lives):
    """Starts the first process of the new namespace: when it ends, so do all others.

    It waits until the keeper has gone, and takes over what the others leave behind.
    """
    nothing = "/dev/null"
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    first = os.posix_spawnp(
        "cat",
        ["cat"],
        {},
        file_actions=[
            (os.POSIX_SPAWN_DUP2, keeper_lives, 0),
            (os.POSIX_SPAWN_OPEN, 1, nothing, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, nothing, os.O_WRONLY, 0),
        ],
    )
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return first


def _keep(sealed, first, keeper_ends, sockets, limits):
    try:
        ended, status, looks, times = 0, 0, 0, {}
        while not ended:
            told = signal.sigtimedwait((*PASSED_ON, signal.SIGCHLD), 1 / LOOKS)
            if told and told.si_signo != signal.SIGCHLD:
                os.kill(sealed, told.si_signo)
            looks += 1
            too_much = len(os.listdir(sockets)) > MOST_SOCKETS
            if looks % LOOKS == 0:
                too_much |= _memory_of_all() > limits.memory
                too_much |= _processor_seconds_of_all(times) > limits.cpu_seconds
            if too_much:
                os.kill(sealed, signal.SIGKILL)
            ended, status = os.waitpid(sealed, os.WNOHANG)
        os.close(keeper_ends)
        os.waitpid(first, 0)
        code = os.waitstatus_to_exitcode(status)
        if code < 0:
            _die_by(-code)
        os._exit(code)
    finally:
        os._exit(1)


def _memory_of_all():
    """Bytes that several sealed processes hold together; one alone has its own limit."""
    processes, total = _list_all(), 0
    if len(processes) > 2:  # beside the first one, which waits for the keeper
        for process in processes:
            with contextlib.suppress(OSError):
                rollup = Path("/proc", process, "smaps_rollup").read_text()
                total += 1024 * int(rollup.partition("Pss:")[2].split()[0])
    return total


def _processor_seconds_of_all(times):
    """Processor time of all sealed processes together, of those that have ended as last seen.

    Args:
        times: Dictionary of the clock ticks of each process, which is brought up to date.
    """
    for process in _list_all():
        with contextlib.suppress(OSError):
            told = Path("/proc", process, "stat").read_text().rpartition(")")[2].split()
            user, system, started = (int(told[place]) for place in (11, 12, 19))
            times[process, started] = user + system
    return sum(times.values()) / os.sysconf("SC_CLK_TCK")


def _list_all():
    """Numbers of all sealed processes, as the keeper sees them."""
    # Once their tree of files is there, the keeper's /proc is theirs, where it is not itself.
    if os.path.lexists("/proc/self/stat"):
        return []
    return [name for name in os.listdir("/proc") if name.isdigit()]


def _die_by(number):
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (number,))
    os.kill(os.getpid(), number)


def _build_tree(seal):
    """Replaces all files by those that a sealed process may see."""
    user, group = _user()
    if os.geteuid() != user:
        os.chown(seal.sockets, user, group)
    linux.keep_mounts_private()
    guarded, unrunnable = (
        linux.NO_SETUID | linux.NO_DEVICES,
        linux.NO_SETUID | linux.NO_EXECUTION,
    )
    shown, links = _shown(seal)
    copies = {path: linux.copy_mount(path, linux.READ_ONLY | guarded) for path in shown}
    for path in (*PLAIN_DEVICES, *seal.devices):
        copies[path] = linux.copy_mount(path, unrunnable)
    copies[seal.sockets] = linux.copy_mount(seal.sockets, guarded | unrunnable)
    hidden = _hidden()
    files = {Path(path).name: os.open(path, os.O_PATH) for path in seal.files}

    # The new tree may hide /tmp: all that is needed of it has been opened.
    root = "/tmp"
    linux.mount("tmpfs", root, "size=4m,mode=0755", guarded)
    os.mkdir(root + SCRATCH)
    size = f"size={seal.limits.scratch},nr_inodes=100k"
    options = f"{size},mode=0700,uid={user},gid={group}"
    linux.mount("tmpfs", root + SCRATCH, options, guarded)
    for path, copy in copies.items():
        target = Path(root + path)
        if os.path.isdir(f"/proc/self/fd/{copy}"):
            target.mkdir(parents=True, exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.touch()
        linux.attach_mount(copy, target)
    for path in hidden:
        linux.mount("tmpfs", f"{root}{path}", "size=4k,mode=0755", linux.READ_ONLY | guarded)
    for path, target in {**links, **LINKS}.items():
        os.symlink(target, root + path)
    os.mkdir(f"{root}/proc")
    linux.mount("proc", f"{root}/proc", "", guarded | unrunnable)
    _fill_scratch({name: f"/proc/self/fd/{file}" for name, file in files.items()}, root)
    for file in files.values():
        os.close(file)

    linux.change_root(root)
    linux.limit_mount("/", linux.READ_ONLY | guarded)
    socket.sethostname("sealed")
    nothing = os.open("/dev/null", os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _user():
    """The user and the group of a sealed process, as others see them."""
    return (NOBODY, NOBODY) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def _shown(seal):
    """The folders and files of a machine that a sealed process may read.

    Returns:
        List of paths, none below another, and a dictionary from symbolic links to their targets.
    """
    packages = map(str, (CLASSROOM, TEACHING))
    asked = [sys.prefix, sys.base_prefix, os.path.realpath(sys.executable), *packages]
    asked += [*SOFTWARE, *(f"/etc/{name}" for name in SETTINGS), *HARDWARE]
    if seal.devices:
        asked += HARDWARE_OF_DEVICES
    links = {path: os.readlink(path) for path in SOFTWARE if os.path.islink(path)}
    shown = []
    for path in sorted({*asked, *map(os.path.realpath, asked)} - set(links)):
        covered = any(path.startswith(f"{other}/") for other in shown)
        if os.path.exists(path) and not covered:
            shown.append(path)
    return shown, links


def _hidden():
    """Folders of the course's teaching library that a sealed process finds empty."""
    return [TEACHING / topic for topic in TOPICS if (TEACHING / topic).is_dir()]


def shown_above(path):
    """Finds out whether sealed processes see a path.

    Args:
        path: The path.

    Returns:
        The path that they are shown and at or below which it lies; None if they do not see it.
    """
    path = Path(path).resolve()
    shown = map(Path, _shown(Seal(""))[0])
    return next((place for place in shown if path.is_relative_to(place.resolve())), None)


def _fill_scratch(files, root):
    """Makes the sealed process's folders, with copies of files, a dictionary from their names."""
    user, group = _user()
    for folder in (root + WORK, root + HOME):
        os.mkdir(folder)
    for name, file in files.items():
        target = os.path.join(root + WORK, name)
        if os.path.isdir(file):
            shutil.copytree(file, target, symlinks=True)
        else:
            shutil.copy(file, target)
    for path in Path(root + SCRATCH).rglob("*"):
        os.chown(path, user, group, follow_symlinks=False)


def _confine(seal):
    """Takes all rights and sets all limits that hold wherever the process is."""
    user, group = _user()
    if os.geteuid() != user:
        os.setgroups([])
        os.setresgid(group, group, group)
        os.setresuid(user, user, user)
        linux.own_again()
    # Here the limit of processes counts this process's own, and the mounts belong to another.
    linux.become_own_user()
    linux.forbid_namespaces()
    linux.leave_keyring()
    if seal.cores:
        os.sched_setaffinity(0, seal.cores)
    _limit(seal)
    rules = dict.fromkeys(seal.devices, linux.READ | linux.WRITE_FILE | linux.DEVICE_CONTROL)
    rules["/"] = linux.READ
    rules["/dev/null"] = linux.WRITE_FILE | linux.TRUNCATE
    rules[seal.sockets] = linux.MAKE_SOCKET | linux.REMOVE_FILE
    rules[SCRATCH] = linux.EVERYTHING
    linux.forbid_privileges()
    linux.restrict_files(rules)
    linux.drop_capabilities()
    linux.filter_calls(DENIED_CALLS, ADDRESS_FAMILIES)
    os.chdir(WORK)
    tempfile.tempdir = None
    os.environ.update(HOME=HOME, TMPDIR=HOME, USER="student", LOGNAME="student")


def _limit(seal):
    import resource

    limits = seal.limits
    Path("/proc/self/oom_score_adj").write_text("1000")
    wanted = {
        # Zero would not keep a core from a program that the machine has set to take them.
        resource.RLIMIT_CORE: 1,
        resource.RLIMIT_CPU: limits.cpu_seconds,
        resource.RLIMIT_DATA: limits.memory,
        resource.RLIMIT_FSIZE: limits.file_size,
        resource.RLIMIT_NOFILE: limits.open_files,
        resource.RLIMIT_NPROC: limits.processes,
        resource.RLIMIT_STACK: 8 * MEBI,
    }
    if not seal.devices:
        # RLIMIT_DATA forgets shared memory and pages that are no longer writable. What threads
        # reserve comes on top: up to eight arenas of 64 MiB a processor, and their stacks.
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        reserve = os.cpu_count() * 1024 * MEBI
        wanted[resource.RLIMIT_AS] = pages * resource.getpagesize() + limits.memory + reserve
    for kind, most in wanted.items():
        # The first limit of processor time is a signal that can be caught, the second is not.
        last = most + 1 if kind == resource.RLIMIT_CPU else most
        allowed = resource.getrlimit(kind)[1]
        if allowed != resource.RLIM_INFINITY:
            last = min(last, allowed)
        resource.setrlimit(kind, (min(most, last), last))


def _forget_environment():
    """Clears the memory from which `/proc` reads what the program was started with."""
    kept = dict(os.environ)
    os.environ.clear()
    start, end = map(int, Path("/proc/self/stat").read_text().rpartition(")")[2].split()[47:49])
    ctypes.memset(start, 0, end - start)
    os.environ.update(kept)
