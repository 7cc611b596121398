"""Attacks on files: reading what is hidden, changing what is not one's own, filling disks."""

import os
import sys

from reach import Reached, names, read, write

SCRATCH = os.environ["HOME"]


def hidden_suite(env):
    reached = Reached()
    for canary in env["canaries"]:
        for prefix in ("", "/proc/self/root", "/proc/1/root", "/proc/self/cwd/../../../..",
                       "/proc/self/fd/3/..", "/proc/self/task/1/root", "../../../../../.."):
            reached.attempt(prefix + canary, read, prefix + canary)
    return list(reached)


def search(env):
    reached = Reached()
    for top in ("/", "/home", "/mnt", "/opt", "/own", "/root", "/srv", "/tmp", "/var",
                *(os.path.dirname(c) for c in env["canaries"]), env["repository"]):
        for folder, _folders, files in os.walk(top):
            reached += [f"{folder}/{name}" for name in files if "canary" in name or "hidden" in name]
    return list(reached)


def repository(env):
    reached = Reached()
    places = [env["repository"], *sys.path, os.path.dirname(os.path.dirname(os.__file__))]
    for place in places:
        for name in ("course.toml", "solutions", "tests/hidden", "grader/errors.py", ".git"):
            reached.attempt(f"{place}/{name}", os.stat, f"{place}/{name}")
    reached.attempt("import grader", __import__, "grader")
    return list(reached)


def shadow(env):
    reached = Reached()
    for path in ("/etc/shadow", "/etc/hostname", "/root/.bashrc", "/etc/machine-id", "/sys/kernel",
                 "/proc/kallsyms", "/proc/meminfo", "/proc/cpuinfo", "/proc/sys/kernel/hostname",
                 "/proc/self/mem/..", "/run/secrets", "/boot", "/var/log", "/bin/sh", "/usr/bin/env"):
        reached.attempt(path, read if "." in path or "/etc" in path else names, path)
        reached.attempt(path, read, path)
    return list(reached)


def metadata(env):
    reached = Reached()
    outside = [*env["canaries"], os.__file__, sys.executable, "/etc/passwd", "/usr/lib", "/",
               "/opt/shardlab/inside/runner.py", "/dev/null"]
    for path in outside:
        reached.attempt(f"chmod {path}", os.chmod, path, 0o777)
        reached.attempt(f"utime {path}", os.utime, path, (1, 1))
        reached.attempt(f"chown {path}", os.chown, path, 0, 0)
        reached.attempt(f"truncate {path}", os.truncate, path, 0) if path != "/dev/null" else None
        reached.attempt(f"unlink {path}", os.unlink, path)
        reached.attempt(f"rename {path}", os.rename, path, path + ".x")
        reached.attempt(f"link {path}", os.link, path, SCRATCH + "/link")
        reached.attempt(f"setxattr {path}", os.setxattr, path, "user.x", b"1")
    return list(reached)


def write_outside(env):
    reached = Reached()
    for folder in ("/", "/usr/lib", "/etc", "/dev", "/dev/null", "/own", "/own/write", "/own/read",
                   "/proc", "/proc/self", "/proc/sys/kernel", "/opt/shardlab/inside", "/sys",
                   os.path.dirname(os.__file__), *(os.path.dirname(c) for c in env["canaries"])):
        reached.attempt(folder, write, f"{folder}/pwned")
        reached.attempt(f"mkdir in {folder}", os.mkdir, f"{folder}/pwned.d")
        reached.attempt(f"symlink in {folder}", os.symlink, "/etc", f"{folder}/pwned.l")
    reached.attempt("core_pattern", write, "/proc/sys/kernel/core_pattern")
    reached.attempt("own limits", write, "/proc/self/limits")
    return list(reached)


def links(env):
    reached = Reached()
    for number, target in enumerate([*env["canaries"], "/etc/shadow", "/", "/proc/1/root"]):
        link = f"{SCRATCH}/way{number}"
        os.symlink(target, link)
        reached.attempt(f"through {link}", read, link)
        reached.attempt(f"below {link}", names, link)
        reached.attempt(f"into {link}", write, link)
    return list(reached)


def devices(env):
    reached = Reached()
    for device in ("mem", "kmem", "kmsg", "vda", "sda", "tty", "console", "fuse", "kvm", "ptmx",
                   "net/tun", "vsock", "port", "shm/x/../../mem"):
        reached.attempt(device, os.open, f"/dev/{device}", os.O_RDWR)
    reached.attempt("mknod block", os.mknod, SCRATCH + "/disk", 0o60666, os.makedev(254, 0))
    reached.attempt("mknod char", os.mknod, SCRATCH + "/mem", 0o20666, os.makedev(1, 1))
    reached.attempt("mkfifo", os.mkfifo, SCRATCH + "/fifo")
    return list(reached)


def fill_disk(env):
    written = 0
    try:
        for number in range(10_000):
            with open(f"{SCRATCH}/big{number}", "wb", buffering=0) as file:
                for _ in range(8):
                    written += file.write(b"x" * (1 << 20))
    except OSError:
        pass
    return [] if written <= env["scratch_bytes"] else [f"{written} bytes"]


def fill_inodes(env):
    made = 0
    try:
        for made in range(1_000_000):
            os.close(os.open(f"{SCRATCH}/i{made}", os.O_CREAT | os.O_WRONLY))
    except OSError:
        pass
    return [] if made <= 4096 else [f"{made} files"]


def sparse_file(env):
    reached = Reached()
    with open(f"{SCRATCH}/sparse", "wb") as file:
        reached.attempt("1 TB", file.truncate, 1 << 40)
        reached.attempt("far write", os.pwrite, file.fileno(), b"x", 1 << 40)
    return list(reached)


def many_descriptors(env):
    fds = []
    try:
        while True:
            fds.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    for fd in fds:
        os.close(fd)
    return [] if len(fds) <= 256 else [f"{len(fds)} descriptors"]


def inherited(env):
    """Descriptors beyond null, output and the one socket; and environment of the host."""
    found = []
    for fd in range(3000):
        try:
            os.fstat(fd)
        except OSError:
            continue
        if fd > 3:
            found.append(fd)
    allowed = {"HOME", "LC_ALL", "MALLOC_ARENA_MAX", "MKL_NUM_THREADS", "OMP_NUM_THREADS",
               "OPENBLAS_NUM_THREADS", "PATH", "PYTHONHASHSEED", "TMPDIR", "PWD"}
    return found + sorted(set(os.environ) - allowed)


def execute_from_scratch(env):
    reached = Reached()
    path = f"{SCRATCH}/tool"
    with open(path, "w") as file:
        file.write("#!/bin/sh\necho hi\n")
    os.chmod(path, 0o755)
    reached.attempt("exec", os.posix_spawn, path, [path], {})
    import ctypes
    import glob
    import shutil
    library = next(iter(glob.glob(os.path.dirname(os.__file__) + "/lib-dynload/*.so")))
    shutil.copy(library, f"{SCRATCH}/own.so")
    reached.attempt("map executable", ctypes.CDLL, f"{SCRATCH}/own.so")
    return list(reached)
