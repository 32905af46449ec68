"""System calls of Linux that Python does not offer: mounts, Landlock, filters, capabilities.

All of them raise `OSError` where the kernel refuses. None needs more than Linux 5.13.
"""

import contextlib
import ctypes
import errno
import functools
import os
import platform
import struct
import sys

NEW_MOUNTS, NEW_CGROUP, NEW_HOSTNAME, NEW_IPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEW_USER, NEW_PROCESSES, NEW_NETWORK = 0x10000000, 0x20000000, 0x40000000

READ_ONLY, NO_SETUID, NO_DEVICES, NO_EXECUTION = 1, 2, 4, 8

READ_FOLDER = 1 << 3
READ = 1 << 0 | 1 << 2 | READ_FOLDER
WRITE_FILE, REMOVE_FILE, MAKE_SOCKET = 1 << 1, 1 << 5, 1 << 9
TRUNCATE, DEVICE_CONTROL = 1 << 14, 1 << 15
EVERYTHING = (1 << 16) - 1

ON_EVERY_MACHINE = {
    "io_uring_setup": 425,
    "open_tree": 428,
    "move_mount": 429,
    "close_range": 436,
    "mount_setattr": 442,
    "landlock_create_ruleset": 444,
    "landlock_add_rule": 445,
    "landlock_restrict_self": 446,
    "memfd_secret": 447,
}
ON_ONE_MACHINE = {
    "x86_64": {
        "shmget": 29,
        "socket": 41,
        "ptrace": 101,
        "syslog": 103,
        "capset": 126,
        "pivot_root": 155,
        "prctl": 157,
        "mount": 165,
        "umount2": 166,
        "sched_setaffinity": 203,
        "add_key": 248,
        "request_key": 249,
        "keyctl": 250,
        "unshare": 272,
        "perf_event_open": 298,
        "process_vm_readv": 310,
        "process_vm_writev": 311,
        "memfd_create": 319,
        "bpf": 321,
        "userfaultfd": 323,
    },
    "aarch64": {
        "umount2": 39,
        "mount": 40,
        "pivot_root": 41,
        "capset": 91,
        "unshare": 97,
        "syslog": 116,
        "ptrace": 117,
        "sched_setaffinity": 122,
        "prctl": 167,
        "shmget": 194,
        "socket": 198,
        "add_key": 217,
        "request_key": 218,
        "keyctl": 219,
        "perf_event_open": 241,
        "process_vm_readv": 270,
        "process_vm_writev": 271,
        "memfd_create": 279,
        "bpf": 280,
        "userfaultfd": 282,
    },
}
# As the audit subsystem of the kernel numbers them.
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}


def call(name, *arguments):
    """Makes a system call.

    Args:
        name: Its name.
        arguments: Integers, bytes, None, or ctypes objects passed by reference.

    Returns:
        What the kernel returned.

    Raises:
        OSError: if the kernel refused, or is not a Linux that is known here.
    """
    system_call, numbers = _kernel()
    if name not in numbers:
        raise OSError(errno.ENOSYS, f"{platform.system()} on {platform.machine()} has no {name}")
    result = system_call(
        *(
            ctypes.c_long(item) if isinstance(item, int) else item
            for item in (numbers[name], *arguments)
        )
    )
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{name}: {os.strerror(code)}")
    return result


@functools.cache
def _kernel():
    """The function that makes system calls, and their numbers on this machine."""
    if platform.system() != "Linux" or platform.machine() not in ON_ONE_MACHINE:
        return None, {}
    numbers = {**ON_EVERY_MACHINE, **ON_ONE_MACHINE[platform.machine()]}
    return ctypes.CDLL(None, use_errno=True).syscall, numbers


def limit_memory(most):
    """Bounds the address space of the process, also elsewhere than on Linux, where that can be.

    Args:
        most: Bytes; a lower limit that holds already stays.
    """
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        if soft == resource.RLIM_INFINITY or most < soft:
            with contextlib.suppress(ValueError, OSError):  # macOS has reserved more
                resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def close_files(first):
    """Closes all file descriptors from a number on."""
    last = 2**32 - 1
    call("close_range", first, last, 0)


def unshare(namespaces):
    """Moves the process, which must have a single thread, into new namespaces."""
    call("unshare", namespaces)


def become_own_user():
    """Moves the process into a user namespace that knows no user but the process's own."""
    user, group = os.geteuid(), os.getegid()
    unshare(NEW_USER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def forbid_namespaces():
    """Forbids further namespaces inside the user namespace that the process has just made."""
    _write("/proc/sys/user/max_user_namespaces", "0")


def _write(path, text):
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.write(descriptor, text.encode())
    finally:
        os.close(descriptor)


def mount(kind, target, options, flags=0):
    """Mounts a new file system, such as a tmpfs.

    Args:
        kind: Its type.
        target: Existing folder.
        options: Its options, as `mount -o` takes them.
        flags: Sum of `READ_ONLY`, `NO_SETUID`, `NO_DEVICES` and `NO_EXECUTION`.
    """
    call("mount", kind.encode(), os.fsencode(target), kind.encode(), flags, options.encode())


def keep_mounts_private():
    """Keeps mounts of this mount namespace from showing in others, and theirs from showing here."""
    recursive, private = 1 << 14, 1 << 18
    call("mount", None, b"/", None, recursive | private, None)


def copy_mount(path, flags):
    """Takes a copy of what is mounted at a path and below it, not yet attached anywhere.

    Args:
        path: A folder or file.
        flags: Flags for all of it, as for `mount`.

    Returns:
        A file descriptor for `attach_mount`.
    """
    here, clone, close_on_exec, recursive, private = -100, 1, 0o2000000, 0x8000, 1 << 18
    copy = call("open_tree", here, os.fsencode(path), clone | close_on_exec | recursive)
    _set_mount(copy, b"", recursive, flags, private)
    return copy


def attach_mount(copy, target):
    """Attaches what `copy_mount` took, and closes its descriptor."""
    here, empty_source = -100, 4
    call("move_mount", copy, b"", here, os.fsencode(target), empty_source)
    os.close(copy)


def limit_mount(target, flags):
    """Sets flags, as for `mount`, on what is mounted at a path, but not below it."""
    _set_mount(-100, os.fsencode(target), 0, flags, 0)


def _set_mount(folder, path, how, flags, propagation):
    empty_path = 0x1000 if not path else 0
    attributes = struct.pack("=QQQQ", flags, 0, propagation, 0)
    call("mount_setattr", folder, path, how | empty_path, attributes, len(attributes))


def change_root(folder):
    """Makes a mounted folder the root of the mount namespace and lets go of the old one."""
    os.chdir(folder)
    call("pivot_root", b".", b".")
    detach = 2
    call("umount2", b".", detach)
    os.chdir("/")


def landlock_version():
    """Version of Landlock in this kernel, 0 where there is none."""
    try:
        return call("landlock_create_ruleset", None, 0, 1)
    except OSError:
        return 0


def restrict_files(rules):
    """Restricts the process and its future children by Landlock for ever.

    What no rule allows is denied. Where the kernel's version can, so are TCP connections, abstract
    sockets and signals to processes that are not restricted.

    Args:
        rules: Dictionary from existing folders or files to a sum of `READ`, `WRITE_FILE`, and so
            on, allowed there and below.
    """
    version = landlock_version()
    known = EVERYTHING >> {1: 3, 2: 2, 3: 1, 4: 1}.get(version, 0)
    network = scope = 0b11
    ruleset_attributes = struct.pack("=QQQ", known, network, scope)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = call("landlock_create_ruleset", ruleset_attributes[:size], size, 0)
    on_files = READ & ~READ_FOLDER | WRITE_FILE | TRUNCATE | DEVICE_CONTROL
    for path, allowed in rules.items():
        place = os.open(path, os.O_PATH)
        allowed &= known & (EVERYTHING if os.path.isdir(path) else on_files)
        below_path = 1
        rule = struct.pack("=Qi", allowed, place)
        call("landlock_add_rule", ruleset, below_path, rule, 0)
        os.close(place)
    call("landlock_restrict_self", ruleset, 0)
    os.close(ruleset)


def filter_calls(denied, families):
    """Denies system calls to the process and its future children for ever.

    A denied call fails with `EPERM`, a socket of another family with `EAFNOSUPPORT`, and every
    call made as a program for another machine with `ENOSYS`.

    Args:
        denied: Names of system calls.
        families: The address families that sockets may have.
    """
    numbers = _kernel()[1]
    load, equal, at_least, answer = 0x20, 0x15, 0x35, 0x06
    allow, refuse = 0x7FFF0000, 0x50000
    number_at, architecture_at, family_at = 0, 4, 16

    # An instruction is (operation, steps to skip if it holds, if not, operand).
    program = [
        (load, 0, 0, architecture_at),
        (equal, 1, 0, ARCHITECTURES[platform.machine()]),
        (answer, 0, 0, refuse | errno.ENOSYS),
        (load, 0, 0, number_at),
        (at_least, 0, 1, 0x40000000),
        (answer, 0, 0, refuse | errno.ENOSYS),
    ]
    for name in denied:
        program += [(equal, 0, 1, numbers[name]), (answer, 0, 0, refuse | errno.EPERM)]
    program += [
        (equal, 1, 0, numbers["socket"]),
        (answer, 0, 0, allow),
        (load, 0, 0, family_at),
    ]
    for family in families:
        program += [(equal, 0, 1, family), (answer, 0, 0, allow)]
    program += [(answer, 0, 0, refuse | errno.EAFNOSUPPORT)]

    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    filter_program = struct.pack("@HP", len(program), ctypes.addressof(code))
    set_filter, by_program = 22, 2
    call("prctl", set_filter, by_program, filter_program, 0, 0)


def forbid_privileges():
    """Forbids the process and its future children to get privileges from programs they run."""
    no_new_privileges = 38
    call("prctl", no_new_privileges, 1, 0, 0, 0)


def drop_capabilities():
    """Gives up all capabilities, for good."""
    drop_from_bounding_set, ambient_set, clear = 24, 47, 4
    call("prctl", ambient_set, clear, 0, 0, 0)
    with open("/proc/sys/kernel/cap_last_cap") as file:
        capabilities = int(file.read()) + 1
    for capability in range(capabilities):
        call("prctl", drop_from_bounding_set, capability, 0, 0, 0)
    version_3 = 0x20080522
    call("capset", struct.pack("=Ii", version_3, 0), bytes(24))


def own_again():
    """Gives the process its own files in `/proc` back, after it has become another user."""
    set_dumpable = 4
    call("prctl", set_dumpable, 1, 0, 0, 0)


def leave_keyring():
    """Leaves the kernel's keys of the session; where keys are not built in, there are none."""
    join_session = 1
    try:
        call("keyctl", join_session, None)
    except OSError as error:
        if error.errno != errno.ENOSYS:
            raise
