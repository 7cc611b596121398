"""Attacks on the kernel and on other processes: system calls, signals, bombs."""

import ctypes
import mmap
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

from reach import Reached, libc, names, read

ME = os.getpid()
BUFFER = ctypes.create_string_buffer(4096)

# x86_64 numbers; aarch64 has the same set of calls under other numbers and is not attacked here.
FORBIDDEN = {
    "ptrace": (101, 16, 1, 0, 0), "process_vm_readv": (310, 1, BUFFER, 1, BUFFER, 1, 0),
    "process_vm_writev": (311, 1, BUFFER, 1, BUFFER, 1, 0), "kcmp": (312, 1, 1, 0, 0, 0),
    "pidfd_open": (434, 1, 0), "pidfd_getfd": (438, 3, 3, 0), "process_madvise": (440, 3, 0, 0, 0, 0),
    "unshare": (272, 0x10000000), "setns": (308, 0, 0), "mount": (165, b"x", b"/own/write/tmp", b"tmpfs", 0, 0),
    "umount2": (166, b"/own/read/proc", 2), "pivot_root": (155, b".", b"."), "chroot": (161, b"."),
    "open_tree": (428, -100, b".", 1), "move_mount": (429, 3, b"", -100, b".", 4), "fsopen": (430, b"tmpfs", 0),
    "mount_setattr": (442, -100, b".", 0, BUFFER, 32), "keyctl": (250, 0, -3, 0),
    "add_key": (248, b"user", b"x", b"y", 1, -3), "request_key": (249, b"user", b"x", 0, -3),
    "bpf": (321, 0, BUFFER, 72), "perf_event_open": (298, BUFFER, 0, -1, -1, 0), "userfaultfd": (323, 1),
    "io_uring_setup": (425, 4, BUFFER), "memfd_create": (319, b"x", 0), "memfd_secret": (447, 0),
    "shmget": (29, 1234, 4096, 0o1666), "semget": (64, 1234, 1, 0o1666), "msgget": (68, 1234, 0o1666),
    "mq_open": (240, b"x", 0o102, 0o666, 0), "personality": (135, 0x40000), "sethostname": (170, b"x", 1),
    "init_module": (175, BUFFER, 1, b""), "kexec_load": (246, 0, 0, 0, 0), "reboot": (169, 0, 0, 0, 0),
    "swapon": (167, b"x", 0), "iopl": (172, 3), "modify_ldt": (154, 0, BUFFER, 8), "syslog": (103, 3, BUFFER, 99),
    "acct": (163, 0), "quotactl": (179, 0, 0, 0, 0), "settimeofday": (164, BUFFER, 0), "adjtimex": (159, BUFFER),
    "flock": (73, 3, 2), "sysinfo": (99, BUFFER), "fadvise64": (221, 3, 0, 0, 4), "mincore": (27, 0, 4096, BUFFER),
    "inotify_init1": (294, 0), "fanotify_init": (300, 0, 0), "name_to_handle_at": (303, -100, b".", BUFFER, BUFFER, 0),
    "open_by_handle_at": (304, -100, BUFFER, 0), "seccomp": (317, 1, 0, 0), "landlock_create_ruleset": (444, 0, 0, 1),
    "capset": (126, BUFFER, BUFFER), "setuid": (105, 0), "setgroups": (116, 0, 0), "setresuid": (117, 0, 0, 0),
    "sched_setaffinity": (203, 0, 8, b"\1" + bytes(7)), "sched_setscheduler": (144, 0, 1, BUFFER),
    "setpriority": (141, 0, 0, -20), "ioprio_set": (251, 1, 0, 0), "clone3": (435, BUFFER, 88),
    "vmsplice": (278, 1, BUFFER, 1, 0), "splice": (275, 1, 0, 1, 0, 1, 0), "mlockall": (151, 3), "execveat": (322, 3, b"", 0, 0, 0x1000),
    "fork": (57,), "vfork": (58,), "pkey_alloc": (330, 0, 0), "vhangup": (153,), "lookup_dcookie": (212, 0, BUFFER, 9),
    "setxattr": (188, b".", b"user.x", b"1", 1, 0), "mknod": (133, b"x", 0o60666, 1), "remap_file_pages": (216, 0, 0, 0, 0, 0),
    "migrate_pages": (256, 0, 0, 0, 0), "move_pages": (279, 0, 0, 0, 0, 0, 0), "openat2": (437, -100, b"/", BUFFER, 24),
    "timer_create": (222, 0, 0, BUFFER), "rt_sigqueueinfo": (129, 1, 10, BUFFER), "pidfd_send_signal": (424, 3, 0, 0, 0),
}


def forbidden(env):
    reached = Reached()
    for name, (number, *args) in FORBIDDEN.items():
        reached.syscall(name, number, *args)
    return list(reached)


def new_calls(env):
    """Calls that are newer than the lists: unknown means refused."""
    reached = Reached()
    for number in range(446, 600):
        reached.syscall(str(number), number, 0, 0, 0, 0, 0, 0)
    return list(reached)


def clone_namespaces(env):
    reached = Reached()
    for flag in (0x10000000, 0x20000000, 0x40000000, 0x00020000, 0x02000000, 0x80, 0, 17, 0x100 | 17):
        pid, _ = reached.syscall(f"clone {flag:#x}", 56, ctypes.c_ulong(flag | 17), 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
    return list(reached)


def foreign_abi(env):
    """int 0x80: 32-bit system calls have other numbers, past a filter that does not look."""
    code = mmap.mmap(-1, 4096, prot=7)
    code.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
    call = ctypes.CFUNCTYPE(ctypes.c_long)(ctypes.addressof(ctypes.c_char.from_buffer(code)))
    return ["int 0x80 gave", call()]


def x32_abi(env):
    return ["x32 gave", libc.syscall(ctypes.c_long(0x40000000 + 39))]


def other_processes(env):
    reached = Reached()
    for pid in {os.getppid(), *range(2, 300), env["host_pid"]} - {0, ME}:
        reached.attempt(f"kill {pid}", os.kill, pid, 0)
        reached.attempt(f"cmdline {pid}", read, f"/proc/{pid}/cmdline")
        reached.attempt(f"environ {pid}", read, f"/proc/{pid}/environ")
        reached.attempt(f"mem {pid}", read, f"/proc/{pid}/mem")
    reached += [pid for pid in names("/proc") if pid.isdigit() and int(pid) != ME]
    return list(reached)


def kill_everyone(env):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for pid in (-1, 0, env["host_pid"], os.getppid()):
        try:
            os.kill(pid, signal.SIGTERM)
        except OSError:
            pass
    return []


def start_programs(env):
    reached = Reached()
    for path in (sys.executable, "/bin/sh", "/usr/bin/env", "/lib64/ld-linux-x86-64.so.2"):
        reached.attempt(f"execv {path}", os.execv, path, [path, "-c", "pass"])
        reached.attempt(f"spawn {path}", os.posix_spawn, path, [path], {})
        reached.attempt(f"subprocess {path}", subprocess.run, [path])
    reached.attempt("fork", os.fork)
    if os.system("true") == 0:
        reached.append("system")
    return list(reached)


def pools(env):
    import concurrent.futures
    import multiprocessing

    reached = Reached()
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        reached.attempt(method, lambda context=context: context.Process(target=print).start())
    def pool():
        with concurrent.futures.ProcessPoolExecutor(1) as executor:
            return executor.submit(int).result()
    reached.attempt("pool", pool)
    return list(reached)


def fork_bomb(env):
    made = 0
    for _ in range(10_000):
        try:
            made += os.fork() > 0
        except OSError:
            pass
    return [made] if made else []


def thread_bomb(env):
    started = 0
    try:
        for started in range(5000):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except (RuntimeError, MemoryError):
        pass
    return [] if started <= env["tasks"] else [started]


def daemon(env):
    reached = Reached()
    if reached.attempt("fork", os.fork) == 0:
        os.setsid()
        time.sleep(60)
    return list(reached)


def raise_limits(env):
    reached = Reached()
    for name in dir(resource):
        if name.startswith("RLIMIT_"):
            which = getattr(resource, name)
            soft, hard = resource.getrlimit(which)
            if hard == resource.RLIM_INFINITY:
                continue
            reached.attempt(name, resource.setrlimit, which, (-1, -1))
            reached.attempt(name, resource.setrlimit, which, (soft, hard + 1))
            reached.attempt(f"of the host: {name}", resource.prlimit, env["host_pid"], which, (0, 0))
    return list(reached)


def privileges(env):
    status = dict(
        line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line
    )
    wanted = {"CapInh": "0" * 16, "CapPrm": "0" * 16, "CapEff": "0" * 16, "CapBnd": "0" * 16,
              "CapAmb": "0" * 16, "NoNewPrivs": "1", "Seccomp": "2"}
    found = [f"{key} is {status[key]}" for key, value in wanted.items() if status[key].strip() != value]
    return found + (["root"] if 0 in os.getresuid() + os.getresgid() else [])


def prctl_games(env):
    reached = Reached()
    for label, args in {
        "dumpable": (4, 1), "no pdeathsig": (1, 0), "keep capabilities": (8, 1), "securebits": (28, 0),
        "subreaper": (36, 1), "ptracer": (0x59616D61, -1), "no_new_privs off": (38, 0), "seccomp": (22, 0),
        "tsc": (26, 2), "mm": (35, 1, 0), "ambient": (47, 2, 21), "io flusher": (57, 1), "core sched": (62, 1, 0, 0, 0),
    }.items():
        if libc.prctl(*args) == 0:
            reached.append(label)
    return list(reached)


def terminal(env):
    import fcntl

    reached = Reached()
    for fd in range(4):
        for request in (0x5412, 0x540E, 0x541C, 0x5423):  # TIOCSTI and other ways to a terminal
            reached.attempt(f"ioctl {request:#x} on {fd}", fcntl.ioctl, fd, request, b"x")
    return list(reached)


def network(env):
    reached = Reached()
    for family in range(46):
        for kind in (1, 2, 3, 5):
            reached.attempt(f"socket {family} {kind}", socket.socket, family, kind)
    reached.attempt("tcp", socket.create_connection, ("127.0.0.1", env["port"]), 1)
    reached.attempt("name", socket.getaddrinfo, "example.org", 80, 0, 0, 0, socket.AI_ADDRCONFIG) if False else None
    return list(reached)


def reuse_own_socket(env):
    """The one socket that there is, bent to other ends."""
    reached = Reached()
    own = socket.socket(fileno=os.dup(3))
    for address in ("\0" + env["abstract"], env["socket_path"]):
        reached.attempt(f"connect {address!r}", own.connect, address)
        reached.attempt(f"bind {address!r}", own.bind, address)
    reached.attempt("listen", own.listen)
    reached.attempt("accept", own.accept)
    pair = socket.socketpair()
    reached.attempt("connect a pair", pair[0].connect, "\0" + env["abstract"])
    return list(reached)


def send_descriptors(env):
    reached = Reached()
    own = socket.socket(fileno=os.dup(3))
    reached.attempt("send_fds", socket.send_fds, own, [b"x"], [0, 1, 2])
    reached.attempt("credentials", own.sendmsg, [b"x"], [(1, 2, bytes(12))])
    reached.attempt("recvmsg", own.recvmsg, 1, 100, socket.MSG_DONTWAIT)
    return list(reached)


def stop(env):
    os.kill(ME, signal.SIGSTOP)
    return []


def core_dump(env):
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGSEGV, signal.SIG_DFL)
    ctypes.string_at(0)
